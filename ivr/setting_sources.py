"""Where settings come from: the process's environment, and an env file.

The library reads every variable there is, one after another, and fails when another thread takes
one away in between. Ours reads those that begin with ``IVR_`` and takes a variable that is gone
for one that was never there: rehearsed calls read their settings on threads of their own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches

from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource

#: What the names of all our variables begin with.
PREFIX = "IVR_"


class OurVariables(EnvSettingsSource):
    """The variables of the environment that begin with ``IVR_``, in either case."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        # A list of the names is one step, during which no other thread runs.
        ours = [name for name in list(os.environ) if name.upper().startswith(PREFIX)]
        values = {name.lower(): os.environ.get(name) for name in ours}
        return {name: value for name, value in values.items() if value is not None}


def unknown_in(env_file: str, settings: type[BaseSettings]) -> list[str]:
    """The names in the file that begin with ``IVR_`` and are none of ours, each with the nearest.

    Only in the file: an environment may hold others' (Kubernetes sets ``IVR_SERVICE_HOST``).
    """
    known = [f"{PREFIX}{name.upper()}" for name in settings.model_fields]
    given = (name.upper() for name in DotEnvSettingsSource(settings, env_file=env_file).env_vars)
    lines = []
    for name in sorted(name for name in given if name.startswith(PREFIX) and name not in known):
        near = get_close_matches(name, known, n=1)
        lines.append(f"{name} (did you mean {near[0]}?)" if near else name)
    return lines
