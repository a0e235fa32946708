"""The limit that ``ivr bench turns`` compares with: Flask and gunicorn with nothing behind them.

Run as ``python -m ivr.commands.bench_bare HOST:PORT THREADS``.
"""

from __future__ import annotations

import sys

import flask

from ivr.commands.serve import Server

#: An answer of common size: a question of ours without its hints.
TWIML = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather action="http://127.0.0.1/voice/'
    'continue?turn=3" actionOnEmptyResult="true" finishOnKey="#" input="dtmf speech" language='
    '"ja-JP" method="POST" numDigits="1" speechTimeout="2" timeout="6"><Say language="ja-JP" '
    'voice="Polly.Kazuha-Neural">ご本人様で、よろしければ「はい」とおっしゃってください。</Say>'
    '</Gather><Redirect method="POST">http://127.0.0.1/voice/continue?turn=3</Redirect></Response>'
)


def bare_app() -> flask.Flask:
    """Answers every webhook with the same document, and looks at nothing."""
    app = flask.Flask("bare", static_folder=None)

    @app.get("/readyz")
    def ready() -> str:
        return "ready"

    @app.post("/<path:path>")
    def constant(path: str) -> flask.Response:
        return flask.Response(TWIML, mimetype="text/xml")

    return app


if __name__ == "__main__":
    address, threads = sys.argv[1:]
    # gunicorn reads the command line as well.
    sys.argv[1:] = []
    Server(address, int(threads), bare_app).run()
