"""Which libtpu and jax a pin has is found without building or importing any of it."""

from pathlib import Path

import pytest

from pins.pair import UNKNOWN, Pair, pair
from pins.spec import PinError
from tests.environments import install, site_packages, venv

PROJECT = """\
[dependency-groups]
pin = ["sglang-jax[tpu]==0.1.0rc0"]
"""
LOCKED = """\
jax==0.10.2 \\
    --hash=sha256:00
libtpu==0.0.42.1 ; sys_platform == "linux"
sglang-jax[tpu]==0.1.0rc0
"""
ASKS = 'Requires-Dist: libtpu==0.0.42.*; extra == "tpu"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "locks").mkdir(parents=True)
    (root / "locks" / "pin.txt").write_text(LOCKED)
    (root / "pyproject.toml").write_text(PROJECT)
    return root


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """An environment of the user's with all that chips need."""
    made = venv(tmp_path / "users")
    for name, version in (("sglang-jax", "0.1.0rc0"), ("jax", "0.10.2"), ("libtpu", "0.0.42.1")):
        install(made, name, version)
    with (site_packages(made) / "jax-0.10.2.dist-info" / "METADATA").open("a") as metadata:
        metadata.write(ASKS)
    return made


def of(users: Path, checkout: Path, **environ: str) -> Pair:
    return pair(f"env:{users}", checkout, environ)


def remove(users: Path, name: str) -> None:
    next(site_packages(users).glob(f"{name}-*")).rename(users / name)


def test_the_pair_of_a_users_environment(users: Path, checkout: Path) -> None:
    python = str(users / "bin" / "python")
    assert of(users, checkout) == Pair(python, "0.1.0rc0", "0.10.2", "0.0.42.1", "==0.0.42.*")


def test_the_locked_pin_is_not_built_to_look_at_it(checkout: Path) -> None:
    assert pair("", checkout) == Pair("", "0.1.0rc0", "0.10.2", "0.0.42.1")
    assert pair("0.1.0rc0", checkout) == pair("", checkout)
    assert not (checkout / ".pinproof").exists()


def test_of_another_release_nothing_is_known_before(checkout: Path) -> None:
    assert pair("0.1.1", checkout) == Pair()


def test_a_missing_libtpu_is_missing(users: Path, checkout: Path) -> None:
    remove(users, "libtpu")
    assert of(users, checkout).libtpu == ""


def test_another_libtpu_than_jax_asks_for_does_not_fit(users: Path, checkout: Path) -> None:
    remove(users, "libtpu")
    install(users, "libtpu", "0.0.30")
    assert not of(users, checkout).fits


def test_a_nightly_counts_and_is_not_what_jax_asks_for(users: Path, checkout: Path) -> None:
    remove(users, "libtpu")
    install(users, "libtpu-nightly", "0.1.dev20260101")
    found = of(users, checkout)
    assert (found.libtpu, found.fits) == ("0.1.dev20260101", False)


def test_a_library_that_jax_is_told_to_load_counts(users: Path, checkout: Path) -> None:
    remove(users, "libtpu")
    library = users / "libtpu.so"
    assert of(users, checkout, TPU_LIBRARY_PATH=str(library)).libtpu == ""
    library.touch()
    assert of(users, checkout, TPU_LIBRARY_PATH=str(library)).libtpu == str(library)


def test_a_module_without_a_distribution_is_there(users: Path, checkout: Path) -> None:
    remove(users, "libtpu")
    (site_packages(users) / "libtpu").mkdir()
    (site_packages(users) / "libtpu" / "__init__.py").touch()
    assert of(users, checkout).libtpu == UNKNOWN


def test_an_environment_that_is_not_there_is_said(checkout: Path) -> None:
    with pytest.raises(PinError, match="there is no /nowhere"):
        pair("env:/nowhere", checkout)
