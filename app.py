"""WSGI entry point: ``gunicorn app:app``. The composition is ``ivr.wiring``."""

from ivr.wiring import create_app

app = create_app()
