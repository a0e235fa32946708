"""Records: the database, its tables, and the repositories that other rooms use."""
