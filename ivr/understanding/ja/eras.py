"""Japanese eras (元号 *gengō*): names, spans and the arithmetic between them and our years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Era:
    """An era with its official span, both days included; ``last`` is None for the present one.

    The day of change belongs to both eras up to 昭和 (the decree took effect at once); from
    平成 on the new era begins the day after. Year 1 (元年 *gannen*) is ``first.year``.
    """

    kanji: str
    letter: str
    key: str
    spoken: tuple[str, ...]
    alike: tuple[str, ...]
    first: date
    last: date | None

    def year(self, number: int) -> int:
        """The western year of year ``number`` (1 for 元年) of this era."""
        return self.first.year + number - 1

    def spans(self, day: date) -> bool:
        """Whether ``day`` lies in this era."""
        return self.first <= day and (self.last is None or day <= self.last)


#: ``alike``: kanji a recogniser writes for the same sound (homophones of its name).
#: ``key``: the keypad digit of DESIGN.md "Deciding who someone is".
ERAS = (
    Era("明治", "m", "1", ("めいじ", "めーじ", "めえじ"), ("明示",),
        date(1868, 1, 25), date(1912, 7, 30)),
    Era("大正", "t", "2", ("たいしょう", "たいしょー", "たいしょお"),
        ("大将", "対象", "大賞", "対照"), date(1912, 7, 30), date(1926, 12, 25)),
    Era("昭和", "s", "3", ("しょうわ", "しょーわ", "しょおわ", "しょわ"), ("唱和", "小和", "章和"),
        date(1926, 12, 25), date(1989, 1, 7)),
    Era("平成", "h", "4", ("へいせい", "へーせー", "へえせえ", "へいせー", "へーせい"),
        ("平静", "平清"), date(1989, 1, 8), date(2019, 4, 30)),
    Era("令和", "r", "5", ("れいわ", "れーわ", "れえわ"), ("例話", "零和", "礼和"),
        date(2019, 5, 1), None),
)  # fmt: skip

BY_KEY = {era.key: era for era in ERAS}
#: Every way to write or say an era in full, kanji or hiragana.
BY_NAME = {name: era for era in ERAS for name in (era.kanji, *era.spoken, *era.alike)}
#: Abbreviations: S60.3.5, 昭60. They count only with a number right behind.
BY_SHORT = {short: era for era in ERAS for short in (era.letter, era.kanji[0])}


def of(day: date) -> tuple[Era, int]:
    """The era ``day`` is written in today, and its year in that era.

    A day of change counts for the new era. Raises ``ValueError`` before 1868-01-25.
    """
    for era in reversed(ERAS):
        if era.spans(day):
            return era, day.year - era.first.year + 1
    raise ValueError("no era of the modern calendar holds this day")
