"""What `--pin` may say, and what is said to the rest."""

from pathlib import Path

import pytest

from pins.spec import (
    Checkout,
    Default,
    Existing,
    Git,
    Here,
    PinError,
    Release,
    Spec,
    Wheel,
    parse,
)

URL = "https://example.org/sglang-jax"
WHEEL = "sglang_jax-0.1.0+mine.1-py3-none-any.whl"
TUNIX = (("tunix", "0.1.6"),)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("", Default()),
        ("default", Default()),
        ("default+tunix=0.1.6", Default(TUNIX)),
        ("here", Here()),
        ("0.1.0rc0", Release("0.1.0rc0")),
        ("v0.1.0-rc0", Release("0.1.0rc0")),
        ("sglang-jax==0.0.3rc99", Release("0.0.3rc99")),
        ("sglang-jax[tpu]==0.0.3rc99", Release("0.0.3rc99")),
        ("sglang_jax == 0.0.3rc99", Release("0.0.3rc99")),
        ("0.1.0rc0+tunix=0.1.6", Release("0.1.0rc0", TUNIX)),
        ("0.1.0rc0+Tunix==v0.1.6", Release("0.1.0rc0", TUNIX)),
        (
            "sglang-jax==0.1.0rc0+tunix=0.1.6+jax=0.10.1+libtpu=0.0.42.1",
            Release("0.1.0rc0", (("jax", "0.10.1"), ("libtpu", "0.0.42.1"), *TUNIX)),
        ),
        (f"git+{URL}@main", Git(URL, "main")),
        (f"git+{URL}@feature/x+tunix=0.1.6", Git(URL, "feature/x", additions=TUNIX)),
        (f"git+{URL}@main#subdirectory=python", Git(URL, "main", "python")),
        (f"sglang-jax[tpu] @ git+{URL}@v1", Git(URL, "v1")),
        ("git+ssh://git@example.org/x@main", Git("ssh://git@example.org/x", "main")),
        ("git+file:///srv/x.git@main", Git("file:///srv/x.git", "main")),
        ("/srv/sglang-jax", Checkout(Path("/srv/sglang-jax"))),
        ("/srv/c++/x+tunix=0.1.6", Checkout(Path("/srv/c++/x"), additions=TUNIX)),
        ("~/sglang-jax", Checkout(Path("/home/somebody/sglang-jax"))),
        ("$SOME_PREFIX/sglang-jax", Checkout(Path("/opt/conda/sglang-jax"))),
        ("file:///srv/my%20checkout", Checkout(Path("/srv/my checkout"))),
        ("sglang-jax @ file:///srv/x", Checkout(Path("/srv/x"))),
        ("/srv/x+content=c0ffee-1234", Checkout(Path("/srv/x"), "c0ffee-1234")),
        (f"/srv/{WHEEL}", Wheel(Path(f"/srv/{WHEEL}"))),
        (f"/srv/{WHEEL}+tunix=0.1.6", Wheel(Path(f"/srv/{WHEEL}"), additions=TUNIX)),
        (f"/srv/{WHEEL}+content=c0ffee", Wheel(Path(f"/srv/{WHEEL}"), "c0ffee")),
        (f"sglang-jax[tpu] @ file:///my%20dist/{WHEEL}", Wheel(Path(f"/my dist/{WHEEL}"))),
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


def test_a_wheel_is_taken_from_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse(WHEEL) == parse(f"dist/../{WHEEL}") == Wheel(tmp_path / WHEEL)


@pytest.mark.parametrize("text", [".", "./", "../here/."])
def test_a_relative_checkout_is_the_users(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    spec = parse(text)
    assert isinstance(spec, Checkout)
    assert spec.folder.resolve() == tmp_path / "here"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("https://example.org/x.whl", "only git+https://...@REVISION is understood; download"),
        ("./newest.whl", "a wheel keeps the name that its builder gave it, such as sglang_jax-"),
        ("./jax-0.10.2-py3-none-any.whl", "not of jax"),
        (f"git+{URL}", "end the URL with @ and a commit"),
        (f"git+{URL}@", "end the URL with @ and a commit"),
        ("git+ssh://git@example.org/x", "end the URL with @ and a commit"),
        ("git+nowhere", "after git+ comes a URL"),
        ("git+ftp://example.org/x@main", "after git+ comes a URL"),
        (f"git+{URL}@main#egg=sglang-jax", "only subdirectory=FOLDER"),
        (f"git+{URL}@main#subdirectory=../up", "only subdirectory=FOLDER"),
        (f"jax @ git+{URL}@main", "not of jax"),
        ("newest", "this is no pin"),
        ("sglang-jax", "this is no pin"),
        ("jax==0.10.2", "not of jax"),
        ("0.1.0rc0+torch=2.0", "+torch is not understood; a pin may be given +tunix=VERSION"),
        ("0.1.0rc0+tunix=newest", "after +tunix= comes a version"),
        ("0.1.0rc0+tunix=", "after +tunix= comes a version"),
        ("0.1.0rc0+tunix", "write +tunix=VERSION"),
        ("0.1.0rc0+jax=1+jax=2", "+jax is there twice"),
        ("0.1.0rc0+content=c0ffee", "+content belongs to the path of a checkout or a wheel"),
        ("env:/opt/venv+tunix=0.1.6", "an environment of yours is never modified"),
        ("here+tunix=0.1.6", "an environment of yours is never modified"),
        ("env:", "comes the path"),
        ("env:$NOT_SET_ANYWHERE", "the variable $NOT_SET_ANYWHERE is not set"),
        ("$NOT_SET_ANYWHERE/x", "the variable $NOT_SET_ANYWHERE is not set"),
    ],
)
def test_anything_else_gets_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(PinError) as caught:
        parse(text)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_secret_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(PinError, match="credential helper") as caught:
        parse("git+https://me:hunter2@example.org/x@main")
    assert "hunter2" not in str(caught.value)
