"""Honnin: finds out on the telephone whether a caller is who they say they are (本人確認)."""

__version__ = "0.1.0"
