"""Ways to send a one-time code. Each implements :class:`ivr.identity.ports.CodeSender`."""
