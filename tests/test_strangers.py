"""A stranger's sitecustomize that breaks the stack reddens the right promise, and only that one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_SECONDS = 300

_AFTER_IMPORT = """
import importlib.abc, importlib.util, os, signal, sys, threading

class AfterImport(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != {module!r}:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        genuine = spec.loader.exec_module
        def exec_module(module):
            genuine(module)
            harm(module)
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, AfterImport())
"""

ENGINE = "sgl_jax.srt.entrypoints.engine"
DIES = """
def harm(module):
    module.Engine.__init__ = lambda *_, **__: os.kill(os.getpid(), signal.SIGSEGV)
"""
QUITS_UPWARD = """
def harm(module):
    def start(*_, **__):
        os.kill(os.getppid(), signal.SIGQUIT)
        threading.Event().wait()
    module.Engine.__init__ = start
"""
ONE_DEVICE_IS_WRONG = """
def harm(module):
    from jax import core, lax
    genuine = lax.dot_general
    def dot_general(a, *rest, **settings):
        product = genuine(a, *rest, **settings)
        on_the_bad_one = not isinstance(a, core.Tracer) and a.device.id == 2
        return product + 1 if on_the_bad_one else product
    lax.dot_general = dot_general
"""
STARTS_A_THREAD = """
def harm(module):
    threading.Thread(target=threading.Event().wait, name="stranger", daemon=True).start()
"""
STARTS_A_BACKEND = """
def harm(module):
    import jax
    jax.devices()
"""


def _outside_pytest() -> dict[str, str]:
    """Without what tells a pytest that it is another one's worker."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def run(
    short_path: Path, module: str, harm: str, promises: str
) -> "subprocess.CompletedProcess[str]":
    stranger = short_path / "stranger"
    stranger.mkdir()
    source = _AFTER_IMPORT.format(module=module) + harm
    (stranger / "sitecustomize.py").write_text(source)
    words = [sys.executable, "-m", "pytest", "-k", promises, "-m", "cpu"]
    return subprocess.run(
        # In one word: pytest takes an existing directory in a word of its own for its root.
        [*words, f"--report-dir={short_path / 'run'}"],
        cwd=_ROOT,
        env=_outside_pytest() | {"PYTHONPATH": str(stranger), "TMPDIR": str(short_path)},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "harm", "verdict"),
    [
        pytest.param(ENGINE, DIES, "ENV-3b crash", id="engine-dies"),
        pytest.param(ENGINE, QUITS_UPWARD, "ENV-3b crash", id="engine-quits-upward"),
        pytest.param("jax", ONE_DEVICE_IS_WRONG, "BACK-2 fail", id="matmul-is-wrong"),
    ],
)
def test_only_the_broken_promise_is_red(
    short_path: Path, module: str, harm: str, verdict: str
) -> None:
    done = run(short_path, module, harm, "BACK-1 or BACK-2 or ENV-3b")
    promise, colour = verdict.split()
    rows = [line.split()[:3] for line in done.stdout.splitlines() if "  pytest 'conf" in line]
    assert rows == [[promise, "cpu", colour]]
    assert f"2 pass, 1 {colour}" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert not list(short_path.glob("pinproof-*"))


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        pytest.param(STARTS_A_THREAD, "started threads: stranger", id="thread"),
        pytest.param(STARTS_A_BACKEND, "initialised a JAX backend", id="backend"),
    ],
)
def test_an_unfit_template_costs_time_only_and_the_record_says_why(
    short_path: Path, harm: str, why: str
) -> None:
    done = run(short_path, ENGINE, harm, "BACK-1 or ENV-3b")
    assert done.returncode == pytest.ExitCode.OK
    assert why in (short_path / "run" / "run.jsonl").read_text()
