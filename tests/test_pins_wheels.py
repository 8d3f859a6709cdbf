"""Pins that are wheels of the user's: known by what they hold, and built from a copy."""

import zipfile
from pathlib import Path

import pytest

from cli.evidence import Foreign, refuse_if_other_pin
from pins.environment import settle
from pins.installed import Installed
from pins.spec import PinError
from pins.stamp import describe
from pins.wheels import WheelFile
from reports.stored import Stored
from tests.fake_uv import Checkout, checkout

__all__ = ["checkout"]

NAME = "sglang_jax-0.1.0.dev1-py3-none-any.whl"


def wheel(folder: Path, text: str = "answer = 1\n", name: str = NAME) -> Path:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as made:
        made.writestr(zipfile.ZipInfo("sgl_jax/__init__.py"), text)
    return folder / name


def test_a_wheel_is_installed_from_a_copy_with_the_usual_companions(checkout: Checkout) -> None:
    file = wheel(checkout.root / "dist")
    pin = checkout.obtain(str(file))
    (installed,) = checkout.installs()
    assert f"sglang-jax[tpu] @ file://{checkout.root}/.pinproof" in installed
    assert installed.endswith(" google-tunix==0.1.7")
    assert checkout.copy.read_bytes() == file.read_bytes()
    assert not list(pin.python.parents[2].rglob("*.whl"))


def test_a_wheel_is_recorded_with_its_hash(checkout: Checkout) -> None:
    pin = checkout.obtain(f"{wheel(checkout.root / 'dist')}+tunix=0.1.6")
    source = describe(pin)["pin"]["source"]
    assert source["from"] == str(checkout.root / "dist" / NAME)
    assert pin.label == f"sglang_jax-0.1.0.dev1-{source['sha256'][:12]}+tunix=0.1.6"
    assert pin.spec.endswith(f"{NAME}+tunix=0.1.6+content={source['sha256'][:12]}")


def test_another_file_of_the_same_name_is_another_pin(checkout: Checkout) -> None:
    file = wheel(checkout.root / "dist")
    first = checkout.obtain(str(file))
    wheel(checkout.root / "dist", "answer = 2\n")
    assert checkout.obtain(str(file)).python != first.python
    assert checkout.obtain(str(wheel(checkout.root / "elsewhere"))).python == first.python


def test_the_spec_of_a_wheel_outlives_it_and_finds_what_was_built(checkout: Checkout) -> None:
    file = wheel(checkout.root / "dist")
    settled = settle(str(file), checkout.root)
    began = checkout.obtain(settled)
    file.unlink()
    assert checkout.obtain(settled).python == began.python


def test_what_was_not_built_from_a_wheel_is_not_built_from_its_successor(
    checkout: Checkout,
) -> None:
    file = wheel(checkout.root / "dist")
    settled = settle(str(file), checkout.root)
    wheel(checkout.root / "dist", "answer = 2\n")
    with pytest.raises(PinError, match=r"it has changed: [0-9a-f]{12} now, and"):
        checkout.obtain(settled)


def test_a_wheel_that_changes_while_it_is_copied_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PinError, match="was changed while it was copied"):
        WheelFile(wheel(tmp_path / "dist"), "c0ffee").copy_to(tmp_path / "copy")


def test_a_file_that_is_not_there_or_not_whole_is_refused(checkout: Checkout) -> None:
    with pytest.raises(PinError, match="there is no such file"):
        checkout.obtain(f"./{NAME}")
    file = wheel(checkout.root / "dist")
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(PinError, match="this is no whole wheel"):
        checkout.obtain(str(file))


def test_the_record_of_another_wheel_with_the_same_packages_is_refused(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = [
        checkout.obtain(str(wheel(checkout.root / "dist", f"answer = {number}\n")))
        for number in (1, 2)
    ]
    stamp = {"pin": {"made": pins[0].made, "versions": {}}}
    record = Stored(checkout.root, stamp, {}, 0)
    monkeypatch.setattr("cli.evidence.inspect", lambda _python: Installed({}, {}, {}))
    refuse_if_other_pin(record, pins[0])
    with pytest.raises(Foreign, match=r"source [0-9a-f]{12} -> [0-9a-f]{12}"):
        refuse_if_other_pin(record, pins[1])
