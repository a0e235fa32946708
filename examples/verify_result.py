"""Checks a result of Honnin. Needs nothing but `pip install cryptography`.

curl -s https://voice.example.co.jp/.well-known/jwks.json > keys.json
python verify_result.py keys.json agents < token      # prints the claims, or fails
"""

import json
import sys
import time
from base64 import urlsafe_b64decode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verify(token: str, key_set: dict, audience: str, now: float) -> dict:
    """The claims of a result for `audience` that is valid `now`; raises if it is not."""
    header, claims, signature = (urlsafe_b64decode(p + "==") for p in token.split("."))
    head, said = json.loads(header), json.loads(claims)
    if (head["alg"], head["typ"]) != ("EdDSA", "honnin-result+jwt"):
        raise ValueError("no result")
    (key,) = (k for k in key_set["keys"] if k["kid"] == head["kid"])
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "=="))
    public.verify(signature, token.rpartition(".")[0].encode())
    if said["aud"] != audience or not said["iat"] - 60 <= now <= said["exp"] + 60:
        raise ValueError("for somebody else, expired, or not yet")
    return said


if __name__ == "__main__":
    keys, token = json.loads(Path(sys.argv[1]).read_bytes()), sys.stdin.read().strip()
    json.dump(verify(token, keys, sys.argv[2], time.time()), sys.stdout)
