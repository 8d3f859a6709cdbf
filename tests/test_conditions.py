"""What an entry of the ledger asks of a pin and its environment."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from pins.conditions import satisfiable
from pins.ledger import Ledger
from tests.ledgers import FACTS, FIELDS, TODAY, VERSIONS, problems, the_entry, written

NO_CONDITIONS = "not conditions on machine, tpu and python"


@pytest.mark.parametrize(
    ("condition", "covered"),
    [
        ('"sglang-jax==0.1.0rc0"', True),
        ('"sglang_jax>=0.0.3rc0,<0.2"', True),
        ('"sglang-jax<0.1.0rc0"', False),
        ('["sglang-jax<0.2", "google-tunix<0.1.8"]', True),
        ('["sglang-jax<0.2", "google-tunix>=0.1.8"]', False),
        ('["sglang-jax<0.2", "flax>=0.12"]', False),
    ],
)
def test_an_entry_is_about_a_pin_that_meets_all_its_conditions(
    tmp_path: Path, condition: str, *, covered: bool
) -> None:
    assert the_entry(tmp_path, pin=condition).covers(VERSIONS, FACTS) is covered


@pytest.mark.parametrize(
    ("condition", "covered"),
    [
        ("{machine = 'x86_64'}", True),
        ("{machine = ['aarch64', 'x86_64']}", True),
        ("{machine = 'aarch64'}", False),
        ("{python = '>=3.12'}", True),
        ("{python = '<3.12'}", False),
        ("{machine = 'x86_64', python = '<3.12'}", False),
        ("{tpu = 'v4'}", False),
    ],
)
def test_an_entry_may_be_about_some_environments_only(
    tmp_path: Path, condition: str, *, covered: bool
) -> None:
    assert the_entry(tmp_path, environment=condition).covers(VERSIONS, FACTS) is covered
    assert not the_entry(tmp_path, environment=condition).covers(VERSIONS, {})


def test_the_generation_of_chips_is_a_condition(tmp_path: Path) -> None:
    entry = the_entry(tmp_path, environment="{tpu = ['v4', 'v5p']}")
    assert entry.covers(VERSIONS, FACTS | {"tpu": "v4"})
    assert not entry.covers(VERSIONS, FACTS | {"tpu": "v6e"})


@pytest.mark.parametrize(
    ("more", "apart"),
    [
        ({}, False),
        ({"pin": '"sglang-jax<0.3"'}, False),
        ({"pin": '"google-tunix==0.1.7"'}, False),
        ({"pin": '"sglang-jax>=0.2"'}, True),
        ({"lane": '"tpu"'}, True),
        ({"environment": "{machine = 'aarch64'}"}, True),
        ({"environment": "{machine = ['aarch64', 'x86_64']}"}, False),
        ({"environment": "{machine = 'x86_64', python = '<3.12'}"}, True),
        ({"environment": "{tpu = 'v4'}"}, False),
    ],
)
def test_two_entries_that_could_be_about_one_pin_are_refused(
    tmp_path: Path, more: dict[str, str], *, apart: bool
) -> None:
    first = FIELDS | {"environment": "{machine = 'x86_64', python = '>=3.12'}"}
    written(tmp_path, first, FIELDS | more)
    if apart:
        assert len(Ledger.load(tmp_path, TODAY).entries) == 2
        return
    (problem,) = problems(tmp_path, first, FIELDS | more)
    file = tmp_path / "swap.toml"
    assert problem == (
        f"{file}, entry 2: {file}, entry 1 is about SWAP-3[cpu] with the same pin, too: leave one"
    )


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("{}", NO_CONDITIONS),
        ("3", NO_CONDITIONS),
        ("{os = 'linux'}", NO_CONDITIONS),
        ("{machine = 3}", NO_CONDITIONS),
        ("{machine = []}", NO_CONDITIONS),
        ("{tpu = ['v4', '']}", NO_CONDITIONS),
        ("{python = ''}", NO_CONDITIONS),
        ("{python = 3.12}", NO_CONDITIONS),
        ("{python = '3.12'}", NO_CONDITIONS),
        ("{python = '>=3.13,<3.12'}", "no Python can meet '<3.12,>=3.13'"),
    ],
)
def test_bad_conditions_on_the_environment_are_refused(
    tmp_path: Path, value: str, complaint: str
) -> None:
    (problem,) = problems(tmp_path, FIELDS | {"environment": value})
    assert complaint in problem


SPECIFIERS = st.lists(
    st.builds(
        "{}{}".format,
        st.sampled_from(["==", "!=", ">=", "<=", ">", "<"]),
        st.sampled_from(
            ["0", "0.1", "0.1.1", "0.1.0rc0", "0.1rc1", "0.1.post1", "0.1.dev2", "1!0"]
        ),
    ),
    max_size=4,
).map(",".join)
VERSION_TEXTS = st.builds(
    "{}{}".format,
    st.sampled_from(["0", "0.0.9", "0.1", "0.1.1", "0.1.2", "0.2", "1!0", "1!2"]),
    st.sampled_from(["", ".dev1", "a1", "rc0", "rc1", "rc2", "rc0.dev1", ".post1", ".post2"]),
)


@given(SPECIFIERS, VERSION_TEXTS)
def test_what_some_version_meets_is_never_called_impossible(text: str, version: str) -> None:
    specifiers = SpecifierSet(text)
    assume(specifiers.contains(version, prereleases=True))
    assert satisfiable(specifiers)


@pytest.mark.parametrize("text", [">0.2,<0.2", ">=0.3,<0.2", "==0.1,!=0.1", "==0.1.*,>=0.2"])
def test_what_no_version_meets_is_called_impossible(text: str) -> None:
    assert not satisfiable(SpecifierSet(text))
