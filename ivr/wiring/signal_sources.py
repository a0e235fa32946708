"""Other systems that add signals of risk, as the settings name them."""

from __future__ import annotations

import importlib

from ivr.errors import SettingsError
from ivr.identity.risk.sources import SignalSource, Sources
from ivr.settings import Settings


def signal_sources(settings: Settings) -> Sources:
    """What ``IVR_SIGNAL_SOURCES`` names, each made by its ``module:function`` from the settings.

    Raises:
        SettingsError: one cannot be loaded.
    """
    named = [each.strip() for each in settings.signal_sources.split(",") if each.strip()]
    made = [_made(settings, each) for each in named]
    return Sources(made, limit_s=settings.signal_timeout_ms / 1000)


def _made(settings: Settings, named: str) -> SignalSource:
    module, _, function = named.partition(":")
    try:
        make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"IVR_SIGNAL_SOURCES: {named} cannot be loaded [{type(error).__name__}]",
            hint="module:function, see docs/policy.md",
        ) from None
    source: SignalSource = make(settings)
    return source
