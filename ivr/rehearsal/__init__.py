"""A telephone network in software, which knows only the public protocol."""
