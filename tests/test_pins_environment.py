"""Getting a pin: built once whoever asks, or the user's own and never touched."""

import threading

import pytest

from pins.failures import meaning
from pins.spec import PinError
from tests.environments import install, script, site_packages, venv
from tests.fake_uv import LOCKED, Checkout, checkout

__all__ = ["checkout"]

UNREACHED = "error: Failed to download and build"


def test_the_default_is_installed_from_the_lock_with_hashes(checkout: Checkout) -> None:
    checkout.obtain()
    (installed,) = checkout.installs()
    assert f"--require-hashes --requirements {checkout.root}/locks/pin.txt" in installed


def test_another_release_comes_with_the_same_companions(checkout: Checkout) -> None:
    checkout.obtain("0.0.3rc99")
    (installed,) = checkout.installs()
    assert installed.endswith("sglang-jax[tpu]==0.0.3rc99 google-tunix==0.1.7")


def test_what_uv_leaves_is_removed(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(checkout.root))
    checkout.obtain()
    assert not list(checkout.root.rglob("left-by-uv.lock"))


def test_a_pin_is_described_by_its_label_and_its_places(checkout: Checkout) -> None:
    pin = checkout.obtain("0.0.3rc99")
    assert (pin.spec, pin.label) == ("0.0.3rc99", "0.0.3rc99")
    assert pin.python.exists()
    assert pin.cache.is_dir()
    assert pin.cache.is_relative_to(checkout.root / ".pinproof")


def test_the_locked_release_by_name_is_the_default(checkout: Checkout) -> None:
    assert checkout.obtain(LOCKED).python == checkout.obtain().python


def test_a_pin_is_built_once(checkout: Checkout) -> None:
    assert checkout.obtain() == checkout.obtain()
    assert len(checkout.installs()) == 1


def test_another_lock_is_another_environment(checkout: Checkout) -> None:
    before = checkout.obtain()
    (checkout.root / "locks" / "pin.txt").write_text("sglang-jax==0.1.0rc0\njax==1\n")
    assert checkout.obtain().python != before.python


def test_a_half_built_environment_is_built_again(checkout: Checkout) -> None:
    folder = checkout.obtain().python.parents[2]
    (folder / "installed.txt").unlink()
    (folder / "rubble").touch()
    checkout.obtain()
    assert len(checkout.installs()) == 2
    assert not (folder / "rubble").exists()


def test_an_environment_whose_python_has_gone_is_built_again(checkout: Checkout) -> None:
    python = checkout.obtain().python
    python.unlink()
    python.symlink_to("/nonexistent/python")
    checkout.obtain()
    assert len(checkout.installs()) == 2


def test_two_who_build_at_once_build_one(checkout: Checkout) -> None:
    builders = [threading.Thread(target=checkout.obtain) for _ in range(4)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert len(checkout.installs()) == 1


def test_the_packages_that_were_installed_are_recorded(checkout: Checkout) -> None:
    folder = checkout.obtain().python.parents[2]
    assert (folder / "installed.txt").is_file()


def test_progress_is_told_only_while_building(checkout: Checkout) -> None:
    checkout.obtain()
    assert "Prepared 1 package in 1s" in checkout.said
    checkout.said.clear()
    checkout.obtain()
    assert checkout.said == []


def test_without_a_network_nobody_says_that_the_index_has_no_such_release(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "true")
    for words in (
        "error: No solution found: there is no version of sglang-jax==0.0.1",
        "cause: Network connectivity is disabled, but the data was not found in the cache",
    ):
        checkout.uv_says(words, status=1)
        with pytest.raises(PinError, match=r"\(UV_OFFLINE\).*; build the pin once with") as told:
            checkout.obtain("0.0.1")
        assert meaning(str(told.value))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "error: No solution found\n  there is no version of sglang-jax[tpu]==9.9.9, so",
            "the index has no sglang-jax[tpu]==9.9.9",
        ),
        ("error: No solution found: jax<1 and jax>2", "no set of packages satisfies it"),
        ("error: failed to lookup address information", "check the network"),
        ("error: failed to write: No space left on device (os error 28)", "no space left"),
        ("error: Hash mismatch for `jax==0.10.2`", "not the one that the lock names"),
        (
            f"{UNREACHED} `qwix @ git+https://example.org/q` (could not resolve host)",
            "or add +qwix=VERSION to the pin: qwix then comes from the index, not git+https://exam",
        ),
        (
            f"{UNREACHED} `other @ git+https://example.org/q` (could not resolve host)",
            "check the network and the proxy settings.",
        ),
        ("error: something else", "built: something else."),
        ("error: it failed\n  cause: the wheel is malformed.", "built: the wheel is malformed."),
        (
            "No solution found: the current Python version (3.9.1) does not satisfy Python>=4",
            "it wants Python>=4, and pins are built with 3.9.1; build an environment",
        ),
        (
            "error: No solution found\n  Because x was not found in the package registry",
            "it wants x, which the index does not have",
        ),
        ("something else", "uv ended with status 2"),
    ],
)
def test_a_build_that_fails_gives_a_sentence_and_uvs_last_lines(
    checkout: Checkout, words: str, sentence: str
) -> None:
    checkout.uv_says(words, status=2)
    with pytest.raises(PinError) as caught:
        checkout.obtain()
    first, *last_lines = str(caught.value).splitlines()
    assert sentence in first
    assert last_lines == [f"    {line}" for line in words.splitlines()]


def test_a_build_that_failed_leaves_nothing_and_can_be_tried_again(checkout: Checkout) -> None:
    checkout.uv_says("error: dns error", status=2)
    with pytest.raises(PinError):
        checkout.obtain()
    assert [
        path for path in (checkout.root / ".pinproof" / "pins").iterdir() if path.is_dir()
    ] == []
    checkout.uv_says()
    assert checkout.obtain().python.exists()


def test_a_checkout_that_may_not_be_written_gives_a_sentence(checkout: Checkout) -> None:
    (checkout.root / ".pinproof").write_text("a file where a folder should be")
    with pytest.raises(PinError, match="could not be set up"):
        checkout.obtain()


def test_an_environment_of_the_users_is_taken_as_it_is(checkout: Checkout) -> None:
    prefix = venv(checkout.root / "rl env")
    install(prefix, "sglang-jax", "0.1.0rc0")
    before = sorted(prefix.rglob("*"))
    pin = checkout.obtain(f"env:{prefix}")
    assert (pin.python, pin.label) == (prefix / "bin" / "python", "env-rl-env")
    assert sorted(prefix.rglob("*")) == before
    assert not pin.cache.is_relative_to(prefix)


def test_the_cache_changes_with_what_is_installed(checkout: Checkout) -> None:
    prefix = venv(checkout.root / "rl")
    install(prefix, "sglang-jax", "0.1.0rc0")
    before = checkout.obtain(f"env:{prefix}").cache
    install(prefix, "jax", "0.10.2")
    assert checkout.obtain(f"env:{prefix}").cache != before


def test_a_checkout_on_pythonpath_is_an_engine_too(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = venv(checkout.root / "rl")
    source = checkout.root / "source"
    (source / "sgl_jax").mkdir(parents=True)
    (source / "sgl_jax" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(source))
    assert checkout.obtain(f"env:{prefix}").label == "env-rl"


def complaint(checkout: Checkout, spec: str) -> str:
    with pytest.raises(PinError) as caught:
        checkout.obtain(spec)
    return str(caught.value)


def test_an_environment_without_the_engine_is_refused(checkout: Checkout) -> None:
    prefix = venv(checkout.root / "empty")
    assert "sglang-jax is not installed for" in complaint(checkout, f"env:{prefix}")


def test_an_environment_that_does_not_exist_is_refused(checkout: Checkout) -> None:
    assert "there is no /nowhere" in complaint(checkout, "env:/nowhere")


def test_a_folder_that_is_no_environment_is_refused(checkout: Checkout) -> None:
    assert "holds no bin/python" in complaint(checkout, f"env:{checkout.root}")


def test_an_environment_with_an_old_python_is_refused(checkout: Checkout) -> None:
    answer = '{"python": {"version": "3.9.18"}, "packages": {}, "modules": {}}'
    script(checkout.root / "old" / "bin" / "python", f"echo 'pinproof-inspection {answer}'")
    assert "Python 3.9.18, and a pin needs 3.12" in complaint(checkout, f"env:{checkout.root}/old")


def test_an_environment_that_does_not_start_is_refused_with_its_words(checkout: Checkout) -> None:
    script(checkout.root / "ill" / "bin" / "python", "echo shared library missing >&2; exit 127")
    said = complaint(checkout, f"env:{checkout.root}/ill")
    assert "exit status 127" in said
    assert "shared library missing" in said


def test_what_an_environment_prints_at_its_start_does_no_harm(checkout: Checkout) -> None:
    prefix = venv(checkout.root / "talkative")
    install(prefix, "sglang-jax", "0.1.0rc0")
    (site_packages(prefix) / "sitecustomize.py").write_text("print('hello {')\n")
    assert checkout.obtain(f"env:{prefix}").label == "env-talkative"
