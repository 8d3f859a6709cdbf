"""What differs between installed and imported is found, in every kind of installation."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.provenance import mismatches

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILE = "/site/sgl_jax/__init__.py"


def _report(**changes: Any) -> dict[str, Any]:
    sound = {
        "version": "1.0",
        "direct_url": None,
        "recorded": {FILE: "digest"},
        "module_version": "1.0",
        "module_commit": None,
        "imported": {"sgl_jax": {"file": FILE, "sha256": "digest"}},
    }
    return sound | changes


def _from_git(commit: str | None) -> str:
    return json.dumps({"url": "a-url", "vcs_info": {"vcs": "git", "commit_id": commit}})


def _editable(checkout: Path) -> str:
    return json.dumps({"url": checkout.as_uri(), "dir_info": {"editable": True}})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"module_version": None},
        {"recorded": {FILE: None}},
        {"module_version": "1.0+local", "version": "1.0+local"},
        {"direct_url": _from_git(COMMIT), "module_commit": "g0123456789"},
        {"direct_url": _from_git(COMMIT), "module_commit": COMMIT},
        {"direct_url": _from_git(COMMIT)},
    ],
)
def test_a_sound_installation_has_no_mismatch(changes: dict[str, Any]) -> None:
    assert list(mismatches("sglang-jax", _report(**changes))) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"module_version": "1.1"}, "__version__ is 1.1, but 1.0"),
        ({"recorded": {}}, "did not record"),
        ({"recorded": {FILE: "other"}}, "was edited"),
        ({"imported": {}}, "no module"),
        ({"direct_url": _from_git(COMMIT), "module_commit": "gfff"}, "says commit gfff"),
        ({"direct_url": _from_git(None)}, "without recording a commit"),
    ],
)
def test_a_mismatch_is_found(changes: dict[str, Any], words: str) -> None:
    (found,) = mismatches("sglang-jax", _report(**changes))
    assert words in found


def test_an_editable_installation_is_judged_by_its_checkout(tmp_path: Path) -> None:
    checkout = tmp_path / "a checkout"
    file = {"file": str(checkout / "sgl_jax" / "__init__.py"), "sha256": "edited"}
    report = _report(direct_url=_editable(checkout), recorded={}, imported={"sgl_jax": file})
    assert list(mismatches("sglang-jax", report)) == []


def test_an_editable_installation_that_is_shadowed_is_found(tmp_path: Path) -> None:
    (found,) = mismatches("sglang-jax", _report(direct_url=_editable(tmp_path)))
    assert str(tmp_path) in found
