"""Who calls in ``ivr bench oracle``: people of whom no caller may be told from another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import Literal

from ivr.clock import Clock
from ivr.commands.bench_people import made_up
from ivr.errors import SendFailed
from ivr.identity.lockout import day_of
from ivr.identity.ports import Channel, CodeMessage
from ivr.records import counters, customers
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.rehearsal.customer_service import ServiceTrouble

#: What the provider does with a message to a customer: the last figure but seven of the number
#: says which of them, from 1 (telephones have no 0 there).
Provider = Literal[
    "takes", "slow", "hangs", "blocked", "other_channel", "refused", "retry_later",
    "configuration",
]  # fmt: skip
_PROVIDERS: tuple[Provider, ...] = (
    "takes", "slow", "hangs", "blocked", "other_channel", "refused", "retry_later",
    "configuration",
)  # fmt: skip
#: Seconds that a slow provider takes, and one that hangs until it gives up; a send takes one.
_SLOW_S, _HANGS_S = 0.5, 2.5
#: Others with the same birthdate: a million customers leave 40 to each.
BORN_ALIKE = 40
_OLDEST = date(1930, 1, 1)
_MANY = 99

_Name = tuple[str, str, str, str]
_TARO: _Name = ("山田", "太郎", "ヤマダ", "タロウ")


@dataclass(frozen=True, slots=True)
class Kind:
    """People of one kind. ``says``: the name as it is said. ``registered``: the names of the
    customers with the birthdate that is said, beside :data:`BORN_ALIKE` others where
    ``born_alike``. ``contacts``: what they have registered. ``locked``: too many codes were wrong
    today. ``capped``: too many were sent. ``trouble``: what the company's service does with
    requests about them."""

    name: str
    says: str = "山田太郎です"
    registered: tuple[_Name, ...] = (_TARO,)
    born_alike: bool = True
    contacts: tuple[Channel, ...] = ("sms", "voice", "email")
    provider: Provider = "takes"
    locked: bool = False
    capped: bool = False
    changed: bool = False
    trouble: ServiceTrouble | None = None


RIGHT = Kind("right")
KINDS: tuple[Kind, ...] = (
    RIGHT,
    Kind("wrong name", says="木村次郎です"),
    Kind("lookalike name", says="山田二郎です"),
    Kind("wrong birthdate", says="鈴木一郎です"),
    Kind("unknown birthdate", registered=(), born_alike=False),
    Kind("two alike", registered=(_TARO, _TARO)),
    Kind("locked", locked=True),
    Kind("no contact", contacts=()),
    Kind("landline only", contacts=("voice",)),
    Kind("e-mail only", contacts=("email",)),
    Kind("contact changed", changed=True),
    Kind("too many codes today", capped=True),
    Kind("provider slow", provider="slow"),
    Kind("provider hangs", provider="hangs"),
    Kind("provider blocks", provider="blocked"),
    Kind("other channel", provider="other_channel"),
    Kind("provider refuses", provider="refused"),
    Kind("provider busy", provider="retry_later"),
    Kind("misconfigured", provider="configuration"),
)
#: Customers of a service that does otherwise for them than for all others.
CRM_KINDS: tuple[Kind, ...] = (
    Kind("service slow", trouble=ServiceTrouble("slow")),
    Kind("service hangs", trouble=ServiceTrouble("hangs")),
    Kind("service fails", trouble=ServiceTrouble("fails")),
    Kind("service not as agreed", trouble=ServiceTrouble("garbage")),
    Kind("service hangs for a code", trouble=ServiceTrouble("hangs", at=2)),
    Kind("service fails for a code", trouble=ServiceTrouble("fails", at=2)),
    Kind("service hangs at the entry", trouble=ServiceTrouble("hangs", at=3)),
    Kind("service fails at the entry", trouble=ServiceTrouble("fails", at=3)),
    Kind("service wrong at the entry", trouble=ServiceTrouble("garbage", at=3)),
)
_ALL = (*KINDS, *CRM_KINDS)
#: Has no place among the others: whom the wrong birthdate belongs to.
_ICHIRO = CustomerData(
    "ichiro", "OICHIRO", "鈴木", "一郎", "スズキ", "イチロウ", date(1929, 4, 1),
    mobile="+819099999999",
)  # fmt: skip
_NAMES = {name for kind in KINDS for each in kind.registered for name in each[2:]}
_NAMES |= {"キムラ", "ジロウ", "スズキ", "イチロウ"}


@dataclass(frozen=True, slots=True)
class Claimant:
    """Somebody who calls: what they say, and the phone of whom they say to be."""

    kind: Kind
    birthdate: str
    name: str
    mobile: str


def claimants(kind: Kind, number: int) -> list[Claimant]:
    """So many people of a kind, each with a birthdate of their own."""
    found = []
    for each in range(number):
        born = _born(kind, each)
        said = f"{born.year}年{born.month}月{born.day}日です"
        found.append(Claimant(kind, said, kind.says, _mobile(kind, each, 0)))
    return found


def registered(kinds: Sequence[Kind], number: int, clock: Clock) -> list[CustomerData]:
    """The customers of ``number`` people of each kind, and those who are born alike."""
    others = _others(number * len(kinds) * BORN_ALIKE)
    rows = [_ICHIRO]
    for kind in kinds:
        for each in range(number):
            born = _born(kind, each)
            for twin, name in enumerate(kind.registered):
                rows.append(_customer(kind, each, twin, name, born, clock))
            for _ in range(BORN_ALIKE if kind.born_alike else 0):
                serial, surname, given = next(others)
                rows.append(
                    CustomerData(
                        f"o{serial}", f"O{serial:07d}", surname, given, surname, given, born,
                        mobile=f"+8180{serial + 10_000_000:08d}",
                    )
                )  # fmt: skip
    return rows


def store(db: Database, people: Sequence[CustomerData], clock: Clock) -> None:
    """Register them in our own table."""
    with db.writing() as session:
        customers.put_all(session, people, clock.now())


def service_troubles(kinds: Sequence[Kind], number: int) -> dict[str, ServiceTrouble]:
    """What a service does with requests about ``number`` customers of each kind, by their id."""
    return {
        _id(kind, each, 0): kind.trouble
        for kind in kinds
        if kind.trouble is not None
        for each in range(number)
    }


def spoil(db: Database, kinds: Sequence[Kind], number: int, clock: Clock) -> None:
    """Lock those who are to be locked today, and use up the codes of those who are capped."""
    day = day_of(clock.now())
    with db.writing() as session:
        for kind in kinds:
            scopes = ["failures_customer"] if kind.locked else []
            scopes += ["sends_customer"] if kind.capped else []
            for each in range(number):
                key = db.index.of("customer", _id(kind, each, 0))
                for scope in scopes:
                    counters.bump(session, scope, key, day, by=_MANY)


class Providers:
    """Every channel's provider: does what the number or mailbox of a destination says. ``asked``:
    how often, by the name of a kind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self.asked: Counter[str] = Counter()

    def send(self, message: CodeMessage) -> None:
        """See :class:`ivr.identity.ports.CodeSender`."""
        figures = [figure for figure in message.destination if figure.isdigit()]
        provider = _PROVIDERS[int(figures[-8]) - 1]
        with self._lock:
            self.asked[_ALL[int("".join(figures[-7:-5]))].name] += 1
        if provider == "slow":
            self._clock.sleep(_SLOW_S)
        elif provider == "hangs":
            self._clock.sleep(_HANGS_S)
            raise SendFailed("the provider did not answer (rehearsed)", kind="retry_later")
        elif provider != "takes":
            raise SendFailed("the provider said no (rehearsed)", kind=provider)


def _others(number: int) -> Iterator[tuple[int, str, str]]:
    """People of other names: serial, surname, given name."""
    for each in made_up(number * 2, seed=1):
        if not {each.surname, each.given} & _NAMES:
            yield each.serial, each.surname, each.given


def _born(kind: Kind, each: int) -> date:
    return _OLDEST + timedelta(days=_ALL.index(kind) * 1000 + each)


def _id(kind: Kind, each: int, twin: int) -> str:
    return f"k{_ALL.index(kind)}-{each}-{twin}"


def _number(kind: Kind, each: int, twin: int) -> str:
    """Eight figures: what the provider does, the kind, whose it is."""
    own = each * 2 + twin
    return f"{_PROVIDERS.index(kind.provider) + 1}{_ALL.index(kind):02d}{own:05d}"


def _mobile(kind: Kind, each: int, twin: int) -> str:
    return f"+8190{_number(kind, each, twin)}"


def _customer(
    kind: Kind, each: int, twin: int, name: _Name, born: date, clock: Clock
) -> CustomerData:
    number = _number(kind, each, twin)
    return CustomerData(
        _id(kind, each, twin),
        f"K{number}",
        *name,
        born,
        mobile=f"+8190{number}" if "sms" in kind.contacts else None,
        landline=f"+813{number}" if "voice" in kind.contacts else None,
        email=f"{number}@example.jp" if "email" in kind.contacts else None,
        contact_changed=clock.now() - timedelta(days=1) if kind.changed else None,
    )
