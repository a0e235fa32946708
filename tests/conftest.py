"""Fixtures and settings for every test."""

from hypothesis import settings

pytest_plugins = ["fixtures_application", "fixtures_databases", "fixtures_twilio"]

# Nothing is asserted about time: a busy machine must not fail a test.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
