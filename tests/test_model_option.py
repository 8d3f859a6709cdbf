"""A promise about a real model says that it was not run where nobody has named one."""

from tests.conftest import Miniature

PLUGIN = ("-p", "fixtures.real_model")


def about_a_model(miniature: Miniature) -> None:
    miniature.promise("SWAP-13", lanes=("tpu",), arguments="lane, real_model")


def test_without_a_model_it_is_not_run_and_says_why(miniature: Miniature) -> None:
    about_a_model(miniature)
    miniature.chip()
    result = miniature.run(*PLUGIN, "-m", "tpu")
    assert miniature.verdicts() == {("SWAP-13", "tpu"): "not-run"}
    result.stdout.fnmatch_lines(["*no --model given*"])


def test_a_missing_lane_is_not_hidden_behind_a_missing_model(miniature: Miniature) -> None:
    about_a_model(miniature)
    miniature.run(*PLUGIN, "-m", "tpu")
    assert miniature.verdicts() == {("SWAP-13", "tpu"): "blocked"}


def test_with_a_model_it_runs(miniature: Miniature) -> None:
    about_a_model(miniature)
    miniature.chip()
    miniature.run(*PLUGIN, "-m", "tpu", "--model", "somewhere")
    assert miniature.verdicts() == {("SWAP-13", "tpu"): "pass"}
