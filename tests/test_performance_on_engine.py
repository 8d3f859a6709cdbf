"""A real engine is measured in a cell of its own, and one that dawdles shows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.nursery import CellPin
from fixtures.performance import NotMeasured, Rig, rig
from reports.performance import FIGURES, Sample, checked

DAWDLING = """\
import importlib.abc, importlib.util, sys, threading

MODULE = "sgl_jax.srt.model_executor.model_runner"

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module
        def execute_and_slow_down(module):
            execute(module)
            genuine = module.ModelRunner.forward
            def forward(*arguments, **keywords):
                threading.Event().wait(0.05)
                return genuine(*arguments, **keywords)
            module.ModelRunner.forward = forward
        spec.loader.exec_module = execute_and_slow_down
        return spec

sys.meta_path.insert(0, Finder())
"""
BREAKING = "import sys; sys.modules['sgl_jax'] = None"


@pytest.fixture(scope="module")
def measuring(probe_cache: Path) -> Iterator[Rig]:
    with rig(probe_cache) as there:
        yield there


@pytest.fixture(scope="module")
def usual(measuring: Rig, cell_pin: CellPin) -> Sample:
    return checked(measuring.sample(cell_pin))


def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """What every Python that is started from now on does first."""
    (tmp_path / "sitecustomize.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_every_figure_is_measured(usual: Sample) -> None:
    assert usual.keys() == {figure.name for figure in FIGURES}
    assert usual["warm first token"] < usual["cold first token"]
    assert usual["programs compiled"] > usual["programs compiled later"]
    assert usual["arrays on devices"] < usual["peak memory of the host"]


def test_each_step_that_takes_longer_shows_where_steps_are_measured(
    measuring: Rig,
    cell_pin: CellPin,
    usual: Sample,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site(tmp_path, monkeypatch, DAWDLING)
    slower = measuring.sample(cell_pin)
    ratio = {f.name: f.ratio(usual[f.name], slower[f.name]) for f in FIGURES if not f.exact}
    assert min(ratio[name] for name in ("warm first token", "decoding", "weight swap")) > 1.25
    assert slower["programs compiled"] == usual["programs compiled"]


def test_an_engine_that_can_not_start_is_not_measured(
    measuring: Rig, cell_pin: CellPin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site(tmp_path, monkeypatch, BREAKING)
    with pytest.raises(NotMeasured, match=r"ModuleNotFoundError: .*sgl_jax"):
        measuring.sample(cell_pin)
