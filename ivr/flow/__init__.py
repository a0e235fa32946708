"""A flow as data: its schema, its loading, and what is checked before it may answer calls."""
