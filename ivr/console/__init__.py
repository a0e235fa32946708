"""The web pages of agents and ops."""
