"""The stamp says what a run was made with, and keeps secrets."""

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pins.environment import Pin
from pins.stamp import HIDDEN, describe, facts, relevant, versions
from tests.environments import install, site_packages, venv


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    made = venv(tmp_path / "venv")
    install(made, "sglang-jax", "0.1.0rc0")
    return made


def stamped(prefix: Path) -> dict[str, Any]:
    stamp = describe(Pin("env:x", "env-x", prefix / "bin" / "python", prefix))
    read: dict[str, Any] = json.loads(json.dumps(stamp))
    return read


def repository(folder: Path) -> str:
    """A fresh git repository; its commit."""
    folder.mkdir()
    (folder / "engine.py").touch()
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    git = ["git", "-C", str(folder)]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    return subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()


def origin(prefix: Path, direct_url: dict[str, Any]) -> dict[str, Any]:
    install(prefix, "tunix", "1", direct_url)
    found: dict[str, Any] = stamped(prefix)["packages"]["tunix"]["origin"]
    return found


def test_every_distribution_is_there_with_version_and_place(prefix: Path) -> None:
    assert stamped(prefix)["packages"] == {
        "sglang-jax": {
            "version": "0.1.0rc0",
            "location": str(site_packages(prefix)),
            "origin": {"kind": "index"},
        }
    }


def test_the_ledger_may_ask_where_a_pin_was_tried(prefix: Path) -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    known = {"machine": platform.machine(), "python": version}
    assert facts(stamped(prefix)) == known
    on_chips = describe(Pin("x", "x", prefix / "bin" / "python", prefix), tpu="v4")
    assert facts(on_chips) == known | {"tpu": "v4"}


def test_names_are_normalized_for_the_ledger(prefix: Path) -> None:
    install(prefix, "Google_Tunix", "0.1.7")
    assert versions(stamped(prefix)) == {"sglang-jax": "0.1.0rc0", "google-tunix": "0.1.7"}


def test_a_package_from_git_is_there_with_its_commit_and_no_credentials(prefix: Path) -> None:
    found = origin(
        prefix,
        {
            "url": "https://me:secret@example.org/tunix.git",
            "vcs_info": {"vcs": "git", "commit_id": "abc"},
        },
    )
    assert found["url"] == "https://example.org/tunix.git"
    assert found["commit"] == "abc"


@pytest.mark.parametrize("dirty", [False, True], ids=["clean", "dirty"])
def test_an_editable_checkout_is_there_with_commit_and_dirty_flag(
    prefix: Path, tmp_path: Path, *, dirty: bool
) -> None:
    commit = repository(tmp_path / "my tunix")
    if dirty:
        (tmp_path / "my tunix" / "engine.py").write_text("changed")
    url = f"file://{tmp_path}/my%20tunix"
    assert origin(prefix, {"url": url, "dir_info": {"editable": True}}) == {
        "kind": "editable",
        "path": f"{tmp_path}/my tunix",
        "commit": commit,
        "dirty": dirty,
    }


def test_a_module_from_pythonpath_is_there_with_its_commit(
    prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository(tmp_path / "source")
    (tmp_path / "source" / "tunix.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "source"))
    module = stamped(prefix)["modules"]["tunix"]
    assert module == {"path": f"{tmp_path}/source/tunix.py", "commit": commit, "dirty": True}


def test_nothing_of_the_pin_is_imported(prefix: Path) -> None:
    (site_packages(prefix) / "jax.py").write_text("raise SystemExit('imported')\n")
    assert stamped(prefix)["modules"]["jax"]["path"] == str(site_packages(prefix) / "jax.py")


def test_machine_python_and_suite_are_there(prefix: Path) -> None:
    stamp = stamped(prefix)
    assert stamp["python"]["prefix"] == str(prefix)
    assert stamp["machine"]["cpus"] > 0
    assert set(stamp["suite"]) == {"commit", "dirty"}


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("JAX_PLATFORMS", "cpu", "cpu"),
        ("XLA_FLAGS", "--xla_dump_to=/tmp/x", "--xla_dump_to=/tmp/x"),
        ("PYTHONPATH", "/src", "/src"),
        ("LD_PRELOAD", "/lib/x.so", "/lib/x.so"),
        ("HF_TOKEN", "whatever", HIDDEN),
        ("SGLANG_API_KEY", "whatever", HIDDEN),
        ("JAX_PROXY", "http://me:secret@proxy:3128/", "http://proxy:3128/"),
        ("TPU_NAME", "hf_abcdefghijklmnopqrstuvwxyz", HIDDEN),
    ],
)
def test_a_variable_that_matters_is_shown_without_its_secret(
    name: str, value: str, shown: str
) -> None:
    assert relevant({name: value}) == {name: shown}


@pytest.mark.parametrize("name", ["HOME", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PATH"])
def test_a_variable_that_does_not_matter_is_left_out(name: str) -> None:
    assert relevant({name: "x"}) == {}
