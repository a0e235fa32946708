"""Checks a webhook of Honnin. Needs nothing but Python.

python verify_webhook.py headers.json < body      # the secret is in WEBHOOK_SECRET

Remember the ids of what you took, and answer 200 to one that you know: it may come twice.
"""

import hashlib
import hmac
import json
import os
import sys
import time
from base64 import b64decode, b64encode
from pathlib import Path


def verify(headers: dict, body: bytes, secret: str, now: float) -> dict:
    """The event in `body`, as it came; raises if it is forged or not of these five minutes."""
    event_id, at = headers["webhook-id"], headers["webhook-timestamp"]
    key = b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256).digest()
    mine = b"v1," + b64encode(made)
    given = headers["webhook-signature"].encode().split()
    if not any(hmac.compare_digest(mine, each) for each in given):
        raise ValueError("forged")
    if abs(now - int(at)) > 300:
        raise ValueError("too old, or from the future")
    return json.loads(body)


if __name__ == "__main__":
    headers, body = json.loads(Path(sys.argv[1]).read_bytes()), sys.stdin.buffer.read()
    json.dump(verify(headers, body, os.environ["WEBHOOK_SECRET"], time.time()), sys.stdout)
