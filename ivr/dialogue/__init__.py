"""A call in progress: events in, actions out."""
