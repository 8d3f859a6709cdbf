"""What `--pin` may say, and what is said to the rest."""

from pathlib import Path

import pytest

from pins.spec import Default, Existing, Here, PinError, Release, Spec, parse


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("", Default()),
        ("default", Default()),
        ("here", Here()),
        ("0.1.0rc0", Release("0.1.0rc0")),
        ("v0.1.0-rc0", Release("0.1.0rc0")),
        ("sglang-jax==0.0.3rc99", Release("0.0.3rc99")),
        ("sglang_jax == 0.0.3rc99", Release("0.0.3rc99")),
        ("env:/opt/venv", Existing(Path("/opt/venv"))),
        ("env:$SOME_PREFIX", Existing(Path("/opt/conda"))),
        ("env:${SOME_PREFIX}/envs/rl", Existing(Path("/opt/conda/envs/rl"))),
        ("env:~/venv", Existing(Path("/home/somebody/venv"))),
    ],
)
def test_a_spec_is_understood(text: str, spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PREFIX", "/opt/conda")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert parse(text) == spec


def test_a_relative_environment_is_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse("env:./venv") == Existing(tmp_path / "venv")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("git+https://example.org/x@main", "is not understood yet"),
        ("https://example.org/x.whl", "is not understood yet"),
        ("./sglang-jax", "is not understood yet"),
        ("~/sglang-jax", "is not understood yet"),
        ("sglang-jax @ file:///x", "is not understood yet"),
        ("newest", "this is no pin"),
        ("sglang-jax", "this is no pin"),
        ("jax==0.10.2", "not of jax"),
        ("env:", "comes the path"),
        ("env:$NOT_SET_ANYWHERE", "the variable $NOT_SET_ANYWHERE is not set"),
    ],
)
def test_anything_else_gets_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(PinError) as caught:
        parse(text)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
