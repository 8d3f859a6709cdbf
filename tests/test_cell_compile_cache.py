import os
import sys
from types import SimpleNamespace

import pytest

from pinproof_cell.compile_cache import hide_from_engines

TOLD = "JAX_COMPILATION_CACHE_DIR"


@pytest.mark.parametrize(("platform", "hidden"), [("cpu", True), ("tpu", False)])
def test_engines_are_told_of_the_cache_on_chips_only(
    monkeypatch: pytest.MonkeyPatch, platform: str, *, hidden: bool
) -> None:
    changed: dict[str, int] = {}
    jax = SimpleNamespace(
        default_backend=lambda: platform, config=SimpleNamespace(update=changed.__setitem__)
    )
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.setenv(TOLD, "somewhere")
    hide_from_engines()
    assert (TOLD not in os.environ) is hidden
    assert changed == {
        "jax_persistent_cache_min_compile_time_secs": 0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
