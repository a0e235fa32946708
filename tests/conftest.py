"""Fixtures for every test."""

pytest_plugins = ["fixtures_databases"]
