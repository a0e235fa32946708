"""Composition: settings in, running processes out. The only place that knows every room."""
