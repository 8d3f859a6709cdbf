"""The end of a run says, in a few lines, what was not kept and how to see it again."""

import pytest

from tests.conftest import Miniature


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_the_table_the_counts_and_the_record(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-10", "assert False")
    miniature.promise("BACK-2", "assert False", lanes=("cpu", "tpu"))
    miniature.promise("BACK-3")
    miniature.run(*workers).stdout.fnmatch_lines(
        [
            "*= promises =*",
            "BACK-2 *cpu *fail *pytest 'test_area.py::test_back_2[[]cpu[]]' --pin 0.1.0rc0",
            "BACK-2 *tpu *not-run *pytest 'test_area.py::test_back_2[[]tpu[]]' --pin 0.1.0rc0",
            "BACK-10 *cpu *fail *pytest*",
            "not-run (1): There is no TPU*",
            "1 pass, 2 fail, 1 not-run",
            f"record: {miniature.path}/.pinproof/runs/*",
        ],
        consecutive=True,
    )


def test_own_tests_alone_end_as_pytest_ends(miniature: Miniature) -> None:
    (miniature.path / "tests").mkdir()
    (miniature.path / "tests" / "test_own.py").write_text("def test_own():\n    pass\n")
    output = miniature.run("tests").stdout
    output.no_fnmatch_line("*promises*")
    output.no_fnmatch_line("record:*")
