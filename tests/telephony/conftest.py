"""A web process on fakes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from web_rig import Rig, build_rig


@pytest.fixture
def rig() -> Callable[..., Rig]:
    """Build a rig: ``rig(*script, service={...}, **settings)``."""
    return build_rig
