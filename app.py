"""WSGI entry point: ``gunicorn app:app``. The composition is ``ivr.wiring.application``."""

from ivr.wiring.application import create_app

app = create_app()
