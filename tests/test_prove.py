"""The kill matrix believes a kill only when the fault was reached and the verdict is declared."""

import pytest

from tests.conftest import PYTHONPATH

_CONFTEST = """
import sys
from pathlib import Path
import pytest
from fixtures.nursery import CellPin

@pytest.fixture(scope="session")
def cell_pin():
    return CellPin(Path(sys.executable), None, ())
"""

_TEST = """
from fixtures.cells import RemoteError
from fixtures.promises import promise
from reports.model import Finding, Hung

@promise("TEST-1", lanes=["static"], faults=["cell-exits-zero"])
def test_it(cell):
    '''The cell MUST do as it is told.'''
    {body}
"""


@pytest.fixture
def prove(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)
    pytester.makeconftest(_CONFTEST)
    return pytester


def run(prove: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    prove.makepyfile(_TEST.format(body=body))
    plugins = [f"-pfixtures.{name}" for name in ("lanes", "provide", "prove")]
    return prove.runpytest_subprocess(*plugins, "--disable-plugin-autoload", *arguments)


def test_a_kill_is_green(prove: pytest.Pytester) -> None:
    result = run(prove, 'cell.run("platform:node")', "--prove")
    result.stdout.fnmatch_lines(["*cell-exits-zero*killed (crash)", "1 of 1 faults killed"])
    assert result.ret == 0


def test_each_live_fault_is_followed_by_a_clean_check(prove: pytest.Pytester) -> None:
    result = run(prove, 'cell.run("platform:node")', "--prove", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*static-clean?*", "*static-cell-exits-zero*", "*clean-after-cell-exits-zero*"]
    )


def test_in_a_sample_the_clean_check_before_a_fault_is_enough(prove: pytest.Pytester) -> None:
    result = run(prove, 'cell.run("platform:node")', "--prove", "--prove-sample=1", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*clean-after*")


def test_a_survivor_is_red(prove: pytest.Pytester) -> None:
    body = "try: cell.run('platform:node')\n    except Finding: pass"
    result = run(prove, body, "--prove")
    result.stdout.fnmatch_lines(["*cell-exits-zero*SURVIVED"])
    assert result.ret == 1


def test_the_command_that_reproduces_a_survivor_proves(prove: pytest.Pytester) -> None:
    body = "try: cell.run('platform:node')\n    except Finding: pass"
    reports = [f"-preports.{name}" for name in ("relay", "promises", "record", "verdicts")]
    result = run(prove, body, "--prove", "-ppytest_reportlog.plugin", *reports)
    result.stdout.fnmatch_lines(["*reproduce: pytest '*cell-exits-zero[]]' --prove"])


def test_a_fault_that_is_not_reached_is_red(prove: pytest.Pytester) -> None:
    result = run(prove, "assert cell.alive", "--prove")
    result.stdout.fnmatch_lines(["*cell-exits-zero*NOT REACHED (verdict pass)"])
    assert result.ret == 1


def test_another_verdict_than_declared_is_red(prove: pytest.Pytester) -> None:
    body = "try: cell.run('platform:node')\n    except Finding as f: raise Hung(f.evidence)"
    result = run(prove, body, "--prove")
    result.stdout.fnmatch_lines(["*WRONG VERDICT hang, declared crash"])
    assert result.ret == 1


def test_an_exception_in_the_cell_is_no_kill(prove: pytest.Pytester) -> None:
    body = "try: cell.run('platform:node')\n    except Finding: raise RemoteError('T', '', '')"
    result = run(prove, body, "--prove")
    result.stdout.fnmatch_lines(["*WRONG VERDICT RemoteError, declared crash"])
    assert result.ret == 1


def test_a_promise_that_fails_without_a_fault_is_red(prove: pytest.Pytester) -> None:
    result = run(prove, 'assert cell.run("platform:node") == ""', "--prove")
    assert result.ret == 1


def test_without_prove_no_fault_is_near(prove: pytest.Pytester) -> None:
    run(prove, 'cell.run("platform:node")').assert_outcomes(passed=1)


def test_a_sample_alone_is_refused(prove: pytest.Pytester) -> None:
    result = run(prove, 'cell.run("platform:node")', "--prove-sample", "3")
    result.stderr.fnmatch_lines(["*--prove-sample only makes sense together with --prove"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


_BROKEN_PIN = """
from types import SimpleNamespace
import pytest
from fixtures.promises import promise
from pinproof_cell.faults import Phase, fault, remedy
from reports.model import Broken, Evidence

def patch(reach):
    '''The pin is other than it was.'''
    yield

remedy("mends", phase=Phase.BEFORE_START)(patch)
fault("mends-badly", phase=Phase.BEFORE_START, over="mends")(patch)
fault("breaks", phase=Phase.BEFORE_START)(patch)

@pytest.fixture
def cells(lane, active_fault):
    return SimpleNamespace(lane=lane, fault=active_fault, fault_reached=lambda: True)

@promise("TEST-2", lanes=["static"], faults={faults})
def test_it(cells):
    '''The pin MUST be whole.'''
    if cells.fault is None or cells.fault.name != "mends":
        raise Broken(Evidence("broken", "whole"))
"""


def prove_broken_pin(prove: pytest.Pytester, *faults: str, sample: str = "") -> pytest.RunResult:
    prove.makepyfile(_BROKEN_PIN.replace("{faults}", repr(faults)))
    plugins = [f"-pfixtures.{name}" for name in ("lanes", "provide", "prove")]
    arguments = ["--prove", *([f"--prove-sample={sample}"] if sample else [])]
    return prove.runpytest_subprocess(*plugins, "--disable-plugin-autoload", *arguments)


def test_where_the_pin_is_broken_a_remedy_makes_kills_believable(prove: pytest.Pytester) -> None:
    result = prove_broken_pin(prove, "mends", "mends-badly")
    result.stdout.fnmatch_lines(["*mends*mended (pass)", "*mends-badly*killed (fail)"])
    result.assert_outcomes(passed=2, failed=1)


@pytest.mark.parametrize("faults", [("mends-badly",), ("mends", "breaks")])
def test_where_the_pin_is_broken_nothing_else_is_believed(
    prove: pytest.Pytester, faults: tuple[str, ...]
) -> None:
    result = prove_broken_pin(prove, *faults)
    result.stdout.fnmatch_lines([f"*{faults[-1]}*PROVES NOTHING*"])


@pytest.mark.parametrize("sample", ["1", "2"])
def test_a_sample_takes_the_remedies_along(prove: pytest.Pytester, sample: str) -> None:
    result = prove_broken_pin(prove, "mends", "mends-badly", sample=sample)
    result.stdout.fnmatch_lines(["*mended (pass)"])
