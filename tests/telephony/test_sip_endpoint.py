"""Our headers at a telephone that somebody else wrote: baresip, called over UDP on loopback.

Twilio is not in between, which makes an INVITE of the address in a ``<Sip>``: here the test does
what Twilio documents (the headers of the address become headers of the INVITE).
"""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

import pytest
from fakes.dialogue import FakeAgentView

from ivr.telephony.sip import address_with_headers

pytestmark = pytest.mark.skipif(
    not shutil.which("baresip"),
    reason="a real SIP endpoint is missing: apt-get install baresip-core",
)

REFERENCE = "q9wX-4_hVnJ2c0aTzLr7Pg"
VIEW = FakeAgentView(
    language="ja",
    level="matched",
    flags=("relay_risk", "contact_changed", "call_limit"),
    why=("email_only",),
)
HOST = "127.0.0.1"
#: How long the telephone is waited for, and how often it is asked meanwhile.
WAIT_S, TRIES = 20.0, 40

CONFIG = """\
sip_listen {host}:{port}
net_interface {host}
module_path {modules}
module g711.so
module aubridge.so
module account.so
module menu.so
audio_source aubridge,a
audio_player aubridge,a
audio_alert aubridge,b
"""

OFFER = """\
v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio 9 RTP/AVP 0
"""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


class Telephone:
    """baresip, which answers whatever comes and prints it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        modules = next(Path("/usr/lib").rglob("baresip/modules/g711.so")).parent
        config = CONFIG.format(host=HOST, port=self.port, modules=modules)
        (folder / "config").write_text(config)
        account = f"<sip:queue@{HOST}:{self.port}>;regint=0;answermode=auto\n"
        (folder / "accounts").write_text(account)
        (folder / "contacts").write_text("")
        self._trace = folder / "trace"
        with self._trace.open("w") as trace:
            self._process = subprocess.Popen(
                [shutil.which("baresip") or "", "-4", "-s", "-f", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=trace,
                stderr=subprocess.STDOUT,
            )

    @property
    def trace(self) -> str:
        return self._trace.read_text(errors="replace").replace("\r", "")

    def close(self) -> None:
        self._process.kill()  # it would wait for answers to its goodbyes
        self._process.wait(WAIT_S)


class Line:
    """One dialogue of SIP with a telephone, over UDP. Every request is sent again until it is
    answered, as RFC 3261 has it for UDP."""

    def __init__(self, socket: socket.socket, telephone: Telephone) -> None:
        self._socket, self._telephone = socket, telephone
        self._here = f"{HOST}:{socket.getsockname()[1]}"
        self._id = f"{secrets.token_hex(8)}@{HOST}"
        self._number = 0
        self._tag = ""

    def asks(self, method: str, headers: Sequence[str] = (), body: str = "") -> int:
        """The final status the telephone answers ``method`` with; 0: it says nothing."""
        self._number += 1
        request = self._request(method, headers, body)
        for _ in range(TRIES):
            self._socket.sendto(request, (HOST, self._telephone.port))
            status = self._answered(f"{self._number} {method}")
            if status:
                return status
        return 0

    def acknowledges(self) -> None:
        self._socket.sendto(self._request("ACK", (), ""), (HOST, self._telephone.port))

    def _request(self, method: str, headers: Sequence[str], body: str) -> bytes:
        own = [
            f"{method} sip:queue@{HOST}:{self._telephone.port} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._here};branch=z9hG4bK{method}{self._number}{self._id[:8]}",
            f"From: <sip:twilio@{self._here}>;tag=honnin",
            f"To: <sip:queue@{HOST}:{self._telephone.port}>{self._tag}",
            f"Call-ID: {self._id}",
            f"CSeq: {self._number} {method}",
            f"Contact: <sip:twilio@{self._here}>",
            "Max-Forwards: 70",
            *headers,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*own, "", body]).encode()

    def _answered(self, sequence: str) -> int:
        """The final status of the answer to ``sequence``, within a while; 0: none came."""
        try:
            while True:
                answer = self._socket.recv(65535).decode()
                first, _, rest = answer.partition("\r\n")
                if not first.startswith("SIP/2.0") or f"CSeq: {sequence}\r\n" not in rest:
                    continue
                if tag := re.search(r"^To: [^\r]*(;tag=[^;\r]+)", rest, re.MULTILINE):
                    self._tag = tag[1]
                if (status := int(first.split()[1])) >= 200:
                    return status
        except (TimeoutError, ConnectionRefusedError):  # refused: it does not listen yet
            return 0


def udp() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((HOST, 0))
    made.settimeout(WAIT_S / TRIES)
    return made


@pytest.fixture
def telephone(tmp_path: Path) -> Iterator[Telephone]:
    made = Telephone(tmp_path)
    try:
        with udp() as caller:
            if not Line(caller, made).asks("OPTIONS"):
                pytest.skip(f"baresip does not come up on this machine; it says: {made.trace}")
        yield made
    finally:
        made.close()


def test_a_real_telephone_takes_our_headers_and_follows_our_refer(telephone: Telephone) -> None:
    address = address_with_headers(f"sip:queue@{HOST}:{telephone.port}", REFERENCE, VIEW)
    written = [part.partition("=") for part in address.partition("?")[2].split("&")]
    headers = [f"{name}: {unquote(value)}" for name, _, value in written]
    with udp() as caller, udp() as elsewhere:
        elsewhere.settimeout(WAIT_S)
        at = f"sip:queue@{HOST}:{elsewhere.getsockname()[1]}"
        target = address_with_headers(at, REFERENCE, VIEW, referred=True)
        line = Line(caller, telephone)
        offer = OFFER.format(host=HOST).replace("\n", "\r\n")
        assert line.asks("INVITE", headers, offer) == 200, telephone.trace
        line.acknowledges()
        by = f"Referred-By: <sip:twilio@{HOST}>"
        assert line.asks("REFER", [f"Refer-To: <{target}>", by]) == 202, telephone.trace
        referred = elsewhere.recv(65535).decode()
    # The telephone answered an INVITE with every header, word for word.
    for header in headers:
        assert f"\n{header}\n" in telephone.trace
    # It followed the REFER, and the reference came along. baresip leaves it in the address it
    # calls; RFC 3261 section 19.1.5 wants a header of it.
    assert referred.startswith("INVITE ")
    assert re.search(rf"X-Honnin-Reference[=:] ?{REFERENCE}", referred)
    assert "matched" not in referred
