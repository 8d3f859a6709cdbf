"""Pins from source, and pins with something added: what is installed, and what is recorded."""

from pathlib import Path

import pytest

from pins import environment
from pins.environment import settle
from pins.overruled import overruled
from pins.spec import PinError, parse
from pins.stamp import describe
from tests.environments import install, site_packages, venv
from tests.fake_uv import Checkout, checkout
from tests.repositories import Repository, repository

__all__ = ["checkout", "repository"]

ENGINE = "sglang-jax[tpu]"
CONFLICT = """\
error: No solution found when resolving dependencies
  cause: Because all versions of google-tunix depend on flax>=0.12.5 and all versions of
         sglang-jax depend on flax==0.12.4, we can conclude that all versions of google-tunix and
         all versions of sglang-jax are incompatible.
         And because you require sglang-jax==0.1.0rc0 and google-tunix==0.1.8, we can conclude
         that your requirements are unsatisfiable."""


def test_an_addition_to_the_locked_pin_leaves_all_else_as_locked(checkout: Checkout) -> None:
    checkout.obtain("0.1.0rc0+tunix=0.1.6")
    first, second = checkout.installs()
    assert first.endswith("--require-hashes --requirements " + str(checkout.root / "locks/pin.txt"))
    assert second.endswith(f"{ENGINE}==0.1.0rc0 google-tunix==0.1.6")
    assert checkout.overrides() == ["google-tunix==0.1.6"]


@pytest.mark.parametrize(("offline", "tries"), [(0, ["--offline"]), (1, ["--offline", ""])])
def test_what_uvs_cache_does_not_hold_is_asked_of_the_index(
    checkout: Checkout, offline: int, tries: list[str]
) -> None:
    checkout.uv_says(offline=offline)
    checkout.obtain("0.0.3rc99", cache_first=True)
    words = f"{ENGINE}==0.0.3rc99 google-tunix==0.1.7"
    assert [line.partition(words)[2].strip() for line in checkout.installs()] == tries


def test_what_finished_pins_have_compiled_is_offered_to_the_next(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[list[Path]] = []
    monkeypatch.setattr(
        environment, "compile_installed", lambda _venv, others, _held: offered.append(others)
    )
    (checkout.root / ".pinproof" / "pins" / "half-built" / "venv").mkdir(parents=True)
    pins = [checkout.obtain(f"0.0.3rc{number}") for number in range(3)]
    first, second, _ = (pin.python.parent.parent for pin in pins)
    assert offered == [[], [first], [second, first]]


def test_an_addition_to_another_release_joins_its_companions(checkout: Checkout) -> None:
    checkout.obtain("0.0.3rc99+jax=0.8.2+libtpu=0.0.30")
    (installed,) = checkout.installs()
    assert installed.endswith(
        f"{ENGINE}==0.0.3rc99 google-tunix==0.1.7 jax[tpu]==0.8.2 libtpu==0.0.30"
    )
    assert checkout.overrides() == ["jax[tpu]==0.8.2", "libtpu==0.0.30"]


def test_each_addition_is_another_environment(checkout: Checkout) -> None:
    specs = ("", "default+tunix=0.1.6", "default+tunix=0.1.5", "default+flax=0.12.5")
    assert len({checkout.obtain(spec).python for spec in specs}) == len(specs)
    assert checkout.obtain("0.1.0rc0+tunix=0.1.6").python == checkout.obtain(specs[1]).python


def test_a_pin_with_an_addition_is_described_by_it(checkout: Checkout) -> None:
    pin = checkout.obtain("0.1.0rc0+tunix=0.1.6")
    assert (pin.spec, pin.label) == ("0.1.0rc0+tunix=0.1.6", "0.1.0rc0+tunix=0.1.6")
    assert describe(pin)["pin"]["overrides"] == ["google-tunix==0.1.6"]
    assert checkout.obtain("0.1.0rc0+tunix=0.1.6").made == pin.made


def test_two_who_want_what_excludes_each_other_are_both_named(checkout: Checkout) -> None:
    checkout.uv_says(CONFLICT, status=1)
    with pytest.raises(PinError) as caught:
        checkout.obtain("0.1.0rc0+tunix=0.1.8")
    assert (
        "google-tunix wants flax>=0.12.5 and sglang-jax wants flax==0.12.4; decide with "
        "+flax=VERSION" in str(caught.value)
    )


def test_who_is_overruled_is_told(tmp_path: Path) -> None:
    prefix = venv(tmp_path / "venv")
    versions = {"sglang-jax": "0.1.0rc0", "flax": "0.12.5", "qwix": "0.1.8", "chex": "1"}
    for name, version in versions.items():
        install(prefix, name, version)
    wishes = {
        "sglang_jax-0.1.0rc0": (
            *("flax==0.12.4", "chex==2", "qwix @ git+https://example.org/q"),
            *('flax==0.1; extra == "gpu"', 'flax==0.2; extra == "tpu"', "flax>=0.12"),
        ),
        "chex-1": ("flax>=0.12.5",),
    }
    for folder, lines in wishes.items():
        with (site_packages(prefix) / f"{folder}.dist-info" / "METADATA").open("a") as metadata:
            metadata.writelines(f"Requires-Dist: {line}\n" for line in lines)
    assert overruled(prefix, ["flax==0.12.5", "qwix==0.1.8"]) == [
        "sglang-jax 0.1.0rc0 wants flax==0.12.4, and flax 0.12.5 is installed",
        "sglang-jax 0.1.0rc0 wants flax==0.2, and flax 0.12.5 is installed",
        "sglang-jax 0.1.0rc0 wants qwix @ git+https://example.org/q, and qwix 0.1.8 is installed",
    ]


def test_a_checkout_is_built_from_a_copy(checkout: Checkout, repository: Repository) -> None:
    repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    before = repository.state()
    pin = checkout.obtain(str(repository.folder))
    (installed,) = checkout.installs()
    assert f"{ENGINE} @ file://{checkout.root}/.pinproof" in installed
    assert installed.endswith(" google-tunix==0.1.7")
    assert (checkout.copy / "sgl_jax" / "__init__.py").read_text() == "answer = 2\n"
    assert repository.state() == before
    assert not list(pin.python.parents[2].rglob("source"))


def test_a_pin_from_source_is_recorded(checkout: Checkout, repository: Repository) -> None:
    clean = checkout.obtain(f"{repository.folder}+tunix=0.1.6")
    assert clean.label == f"sglang-jax-{repository.first[:12]}+tunix=0.1.6"
    repository.write("python/sgl_jax/new.py", "")
    changed = checkout.obtain(str(repository.folder))
    stamped = describe(changed)["pin"]
    assert stamped["source"]["commit"] == repository.first
    assert stamped["source"]["dirty"]
    assert clean.made["source"]["dirty"] is False
    assert changed.python != clean.python


def test_a_checkout_is_built_once_for_each_content(
    checkout: Checkout, repository: Repository
) -> None:
    first = checkout.obtain(str(repository.folder))
    assert checkout.obtain(str(repository.folder)) == first
    file = repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    second = checkout.obtain(str(repository.folder))
    file.write_text("answer = 3\n")
    assert len({first.python, second.python, checkout.obtain(str(repository.folder)).python}) == 3
    assert len(checkout.installs()) == 3


def test_the_spec_of_a_pin_holds_what_it_was(checkout: Checkout, repository: Repository) -> None:
    """So that a worker, a repetition and a command to reproduce mean what the run began with."""
    file = repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    began = checkout.obtain(str(repository.folder))
    file.write_text("answer = 3\n")
    assert checkout.obtain(began.spec) == began
    assert len(checkout.installs()) == 1


def test_a_branch_is_settled_as_its_commit(checkout: Checkout, repository: Repository) -> None:
    settled = settle(f"{repository.url}@main+tunix=0.1.6", checkout.root)
    assert settled == f"{repository.url}@{repository.first}+tunix=0.1.6"
    repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    repository.commit()
    pin = checkout.obtain(settled)
    assert (checkout.copy / "sgl_jax" / "__init__.py").read_text() == "answer = 1\n"
    assert (pin.spec, pin.made["source"]["commit"]) == (settled, repository.first)
    assert checkout.obtain(f"{repository.url}@main").python != pin.python


def test_what_needs_no_settling_is_left_as_it_is(checkout: Checkout) -> None:
    for text in ("", "here", "env:/nowhere", "v0.1.0-rc0+tunix=0.1.6"):
        assert settle(text, checkout.root) == text


def test_a_settled_spec_is_a_spec(checkout: Checkout, repository: Repository) -> None:
    text = settle(f"{repository.url}@main#subdirectory=python+jax=0.10.1", checkout.root)
    assert parse(settle(text, checkout.root)) == parse(text)
