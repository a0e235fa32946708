"""Whoever takes the files of the database finds nobody in them, however it is spelled."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from phone_rig import ELSEWHERE, Office
from sqlalchemy import text

from ivr.records import rotation
from ivr.records.customer_csv import store_file
from ivr.records.customers import CustomerData

SOMEBODY = CustomerData(
    "somebody", "K7341902", "小笠原", "慎一郎", "オガサワラ", "シンイチロウ", date(1955, 12, 31),
    mobile="+819000000023", landline="+81300000023", email="s.ogasawara@example.jp",
)  # fmt: skip
#: A customer who comes by file, and never calls.
CSV = """\
number,surname,given,surname_kana,given_kana,birthdate,mobile,landline,email,language,contact_changed
Q7391Z,鷲尾,紗智子,ワシオ,サチコ,1961-08-27,090-0000-7391,03-0000-7391,sachiko@example.jp,ja,
"""
WORDS = (
    # names, as they are written, read, said and displayed
    *("小笠原", "慎一郎", "オガサワラ", "シンイチロウ", "おがさわら", "ｵｶﾞｻﾜﾗ"),
    *("鷲尾", "紗智子", "ワシオ", "サチコ"),
    # birthdates, as ISO and in words
    *("1955-12-31", "1955年", "昭和三十年十二月", "昭和30年12月", "19551231"),
    *("1961-08-27", "19610827"),
    # phones, addresses, numbers
    *("9000000023", "90-0000-0023", "300000023", "s.ogasawara", "K7341902"),
    *("9000007391", "0000-7391", "300007391", "sachiko@", "Q7391Z"),
)


def spellings(word: str) -> dict[bytes, str]:
    """A word as some program, library or export might have written it: bytes -> how."""
    made: dict[bytes, str] = {}
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "shift_jis", "euc_jp", "iso2022_jp"):
        try:
            raw = word.encode(encoding)
        except UnicodeEncodeError:
            continue
        made[raw.removesuffix(b"\x1b(B")] = encoding
    raw = word.encode()
    for start in range(3):
        # What base64 shows of the word wherever it begins; the edges hold its neighbours' bits.
        padded = base64.b64encode(bytes(start) + raw).rstrip(b"=")
        inner = padded[(start * 8 + 5) // 6 : len(padded) - 1]
        made |= {inner: "base64", inner.translate(bytes.maketrans(b"+/", b"-_")): "base64url"}
    escaped = word.encode("unicode_escape")
    made |= {escaped: "escapes", escaped.upper().replace(b"\\U", b"\\u"): "escapes"}
    made |= {raw.hex().encode(): "hex", raw.hex().upper().encode(): "hex"}
    made[quote(word).encode()] = "percent"
    # A hash without a key is found by trying every birthdate and phone number.
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, raw, usedforsecurity=False)
        made |= {digest.digest(): name, digest.hexdigest().encode(): name}
    return made


def found(content: bytes, words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (word, how)
        for word in words
        for spelling, how in spellings(word).items()
        if spelling in content
    ]


def open_and_deleted() -> Iterator[bytes]:
    """What this process has in files that no folder shows, as SQLite's temporary files are."""
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
            if (target.endswith("(deleted)") and ".sqlite3" in target) or "etilqs" in target:
                yield entry.read_bytes()
        except OSError:
            continue


def work(office: Office, folder: Path) -> list[str]:
    """All that personal data goes through; the codes that were sent."""
    file = folder / "customers.csv"
    file.write_text(CSV, encoding="utf-8")
    store_file(office.db, file, lambda done, total: None)
    file.unlink()
    office.register(SOMEBODY)
    said = {"birthdate": "昭和三十年十二月三十一日", "name": "小笠原慎一郎です"}
    verified = office.call("+819000000023").ask_for_code(**said)
    verified.press(office.sms.last_code)
    assert verified.level == "verified"
    keyed = office.call(ELSEWHERE).silence().say("はい").press("3").press("3301231")
    keyed.say("小笠原慎一郎です").say("はい").press("000000")
    keyed.hang_up()
    again = office.call(ELSEWHERE).ask_for_code(**said)
    again.press(office.sms.last_code)
    assert again.level == "verified"
    rotation.rotate(office.db, lambda what, done, total: None)
    with office.db.writing() as session:
        # Sorting and joining everything: what does not fit into memory would go to a file.
        session.execute(text("SELECT * FROM turns, customers ORDER BY action, email, surname"))
    return [message.code for message in office.sms.messages]


def test_files_of_the_database_name_nobody(office: Office, tmp_path: Path) -> None:
    flow = "".join(office.running.flow.sources.values())
    assert [word for word in WORDS if word in flow] == []
    codes = work(office, tmp_path)
    assert len(codes) >= 2
    # Under way, with the write-ahead log as it is, and after the last process has closed it.
    for moment in ("open", "closed"):
        files = {
            path: path.read_bytes()
            for path in tmp_path.rglob("*")
            if path.is_file() and path.name.startswith("honnin.sqlite3")
        }
        names = {path.suffix for path in files}
        assert (".sqlite3-wal" in names) == (moment == "open")
        content = b"\x00".join([*files.values(), *open_and_deleted()])
        assert b"call.began" in content
        assert found(content, WORDS) == [], moment
        for code in (*codes, "3301231"):
            # So few digits may stand in any hash by chance; what was keyed stands alone.
            assert (
                re.search(rb"(?<![0-9A-Za-z])" + code.encode() + rb"(?![0-9A-Za-z])", content)
                is None
            )
            assert hashlib.sha256(code.encode()).hexdigest().encode() not in content
        office.db.dispose()


@pytest.mark.parametrize("word", ["小笠原", "1955-12-31", "9000000023"])
def test_the_search_finds_a_word_however_it_is_spelled(word: str) -> None:
    before, after = b"\x93key\x00", b"\x07 and more"
    for spelling, how in spellings(word).items():
        assert (word, how) in found(before + spelling + after, (word,))
    for start in range(3):
        wrapped = base64.b64encode(b"xyz"[:start] + word.encode() + b" tail")
        assert found(wrapped, (word,)) != []
    assert found(before + after, (word,)) == []
