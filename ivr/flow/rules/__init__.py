"""Checks of a flow's files against one another. Each rule yields problems of a draft."""
