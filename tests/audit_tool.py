"""``.ci/audit.py`` as a module, for the tests that use it."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from citations import ROOT


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(".ci/audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit = _loaded()
