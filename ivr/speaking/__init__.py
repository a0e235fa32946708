"""A flow's prompts as sound: recordings, a voice that reads them, and where both are kept."""
