"""Models come encrypted, or from this machine; what may be secret is not shown."""

from __future__ import annotations

import pytest

from ivr.errors import HearingError
from ivr.hearing.model_address import check_address, is_here, shown


@pytest.mark.parametrize(
    "url",
    [
        "https://alphacephei.com/vosk/models/m.zip",
        "https://models.example:8443/m.zip?signature=1",
        "http://127.0.0.1:8000/m.zip",
        "http://localhost/m.zip",
        "http://[::1]:8000/m.zip",
    ],
)
def test_good_addresses(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://alphacephei.com/m.zip",
        "http://127.0.0.1.example/m.zip",
        "http://localhost.example/m.zip",
        "http://192.0.2.1/m.zip",
        "ftp://127.0.0.1/m.zip",
        "file:///tmp/m.zip",
        "/tmp/m.zip",  # noqa: S108
        "m.zip",
        "https://",
        "https:///m.zip",
        "https://[/m.zip",
        "https://models.example:99999/m.zip",
        "",
    ],
)
def test_all_others_are_refused(url: str) -> None:
    with pytest.raises(HearingError, match=r"models are not fetched from .*give an https address"):
        check_address(url)


@pytest.mark.parametrize("user", ["ops:hush@", "ops@", ":hush@", "@"])
def test_passwords_are_refused_and_not_repeated(user: str) -> None:
    with pytest.raises(HearingError, match=r"~/\.netrc") as caught:
        check_address(f"https://{user}models.example/m.zip")
    assert "hush" not in str(caught.value)


def test_what_may_be_secret_is_not_shown() -> None:
    assert shown("https://a:b@models.example:1/m.zip?token=c#d") == "https://models.example:1/m.zip"


def test_what_is_no_address_is_not_shown_either() -> None:
    assert shown("https://[hush") == "an address that is none"


def test_this_machine_is_known() -> None:
    assert is_here("http://127.0.0.9/")
    assert not is_here("https://models.example/")
