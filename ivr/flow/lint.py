"""All checks of a flow's files against one another, in passes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ivr.errors import Problem
from ivr.flow.draft import Draft
from ivr.flow.rules.collecting import collecting
from ivr.flow.rules.desks import addresses, desks
from ivr.flow.rules.paths import paths
from ivr.flow.rules.policies import fits
from ivr.flow.rules.references import references
from ivr.flow.rules.texts import lengths, texts


def lint(
    draft: Draft,
    *,
    words: Mapping[str, Mapping[str, str]],
    slow_rate: int,
    destinations: Mapping[str, Collection[str]] | None,
) -> list[Problem]:
    """Every problem of a readable flow, in no particular order.

    ``words`` fill placeholders, by language. ``slow_rate`` is the speaking rate of slow mode in
    per cent. ``destinations`` are those the settings know with their addresses, or None not to
    compare them.
    """
    found = [*references(draft), *collecting(draft), *paths(draft), *texts(draft), *desks(draft)]
    found += fits(draft)
    found += lengths(draft, words, slow_rate)
    if destinations is not None:
        found += addresses(draft, destinations)
    return found
