"""Birthdates as Japanese callers say them and as recognisers write them down.

The utterance is read from left to right as years, months, days, corrections and words that
change nothing. Whatever is left over makes the date doubtful: a misheard 昭和御十年 must never
become a date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from ivr.understanding.birthdate import Reading
from ivr.understanding.ja import eras, numbers
from ivr.understanding.ja.fillers import ENDINGS, FILLERS, LEADS, pattern
from ivr.understanding.kana import hiragana

_FILLER = pattern(FILLERS)
_GAP = rf"(?:[、。,・ ]|の|{_FILLER})*"
_NUM = rf"{numbers.ATOM}+?"
_RUN = rf"{numbers.ATOM}+"
_ERA_NAME = pattern(tuple(eras.BY_NAME))
_ERA_SHORT = "".join(eras.BY_SHORT)
_ERA = rf"(?:(?P<era>{_ERA_NAME})|(?<![a-z])(?P<short>[{_ERA_SHORT}])(?=[元{numbers.ATOM[4:]})"
