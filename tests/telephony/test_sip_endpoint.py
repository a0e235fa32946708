"""Our headers at a telephone that somebody else wrote: baresip, called by SIPp, on loopback.

Twilio is not in between, which makes an INVITE of the address in a ``<Sip>``: here the test does
what Twilio documents (the headers of the address become headers of the INVITE).
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from fakes.dialogue import FakeAgentView

from ivr.telephony.sip import address_with_headers

pytestmark = pytest.mark.skipif(
    not (shutil.which("baresip") and shutil.which("sipp")),
    reason="a real SIP endpoint is missing: apt-get install baresip-core sip-tester",
)

REFERENCE = "q9wX-4_hVnJ2c0aTzLr7Pg"
VIEW = FakeAgentView(
    language="ja",
    level="matched",
    flags=("relay_risk", "contact_changed", "call_limit"),
    why=("email_only",),
)
HOST = "127.0.0.1"
WAIT_S = 15

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

SCENARIO = """\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="a call with headers, which is then referred">
  <send retrans="500"><![CDATA[
{invite}
{headers}
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio 9 RTP/AVP 0
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" timeout="5000"/>
  <send><![CDATA[
{ack}
Content-Length: 0

  ]]></send>
  <send retrans="500"><![CDATA[
{refer}
Refer-To: <{target}>
Referred-By: <sip:twilio@{host}:[local_port]>
Content-Length: 0

  ]]></send>
  <recv response="202" timeout="5000"/>
</scenario>
"""


def request(method: str, number: int, port: int, *, tag: str = "") -> str:
    """The first lines of a SIP request to the telephone."""
    return f"""\
{method} sip:queue@{HOST}:{port} SIP/2.0
Via: SIP/2.0/UDP {HOST}:[local_port];branch=[branch]
From: <sip:twilio@{HOST}:[local_port]>;tag=[call_number]
To: <sip:queue@{HOST}:{port}>{tag}
Call-ID: [call_id]
CSeq: {number} {method}
Contact: <sip:twilio@{HOST}:[local_port]>
Max-Forwards: 70"""


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


@pytest.fixture
def telephone(tmp_path: Path) -> Iterator[Telephone]:
    made = Telephone(tmp_path)
    yield made
    made.close()


def test_a_real_telephone_takes_our_headers_and_follows_our_refer(
    telephone: Telephone, tmp_path: Path
) -> None:
    address = address_with_headers(f"sip:queue@{HOST}:{telephone.port}", REFERENCE, VIEW)
    written = [part.partition("=") for part in address.partition("?")[2].split("&")]
    headers = [f"{name}: {unquote(value)}" for name, _, value in written]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind((HOST, 0))
        elsewhere.settimeout(WAIT_S)
        at = f"sip:queue@{HOST}:{elsewhere.getsockname()[1]}"
        tag = "[peer_tag_param]"
        scenario = tmp_path / "call.xml"
        scenario.write_text(
            SCENARIO.format(
                host=HOST,
                headers="\n".join(headers),
                target=address_with_headers(at, REFERENCE, VIEW, referred=True),
                invite=request("INVITE", 1, telephone.port),
                ack=request("ACK", 1, telephone.port, tag=tag),
                refer=request("REFER", 2, telephone.port, tag=tag),
            )
        )
        # SIPp sends again until the telephone is ready.
        subprocess.run(
            [
                *(shutil.which("sipp") or "", f"{HOST}:{telephone.port}", "-sf", str(scenario)),
                *("-i", HOST, "-p", str(free_port()), "-m", "1", "-nostdin"),
                *("-default_behaviors", "none", "-timeout", f"{WAIT_S}s"),
            ],
            cwd=tmp_path,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=WAIT_S + 5,
        )
        referred = elsewhere.recv(65535).decode()
    # The telephone answered (200) an INVITE with every header, word for word.
    for header in headers:
        assert f"\n{header}\n" in telephone.trace
    assert "SIP/2.0 200" in telephone.trace
    # It followed the REFER, and the reference came along. baresip leaves it in the address it
    # calls; RFC 3261 section 19.1.5 wants a header of it.
    assert referred.startswith("INVITE ")
    assert re.search(rf"X-Honnin-Reference[=:] ?{REFERENCE}", referred)
    assert "matched" not in referred
