"""The tpu lane's real code with the real engine, on what stands in for chips."""

from pathlib import Path

import pytest

from reports.model import CONDITION, TPU_STAND_IN
from tests import standin

CONFORMANCE = "conformance/"
BACK_7 = f"{CONFORMANCE}test_backend_attention.py"
N_ANSWERS = f"{CONFORMANCE}test_generation_contract.py::test_n_gives_n_answers[tpu]"
SECONDS = 900.0

REFUSES_V4 = """\
import sys
from importlib.machinery import PathFinder

class Pin:
    '''Finds the module as ever, and lets its default attention refuse the chip.'''

    def find_spec(self, name, path=None, target=None):
        if name != "sgl_jax.srt.model_executor.model_runner":
            return None
        spec = PathFinder.find_spec(name, path, target)
        genuine = spec.loader.exec_module

        def changed(module):
            genuine(module)
            choose = module.ModelRunner._get_attention_backend

            def chosen(runner):
                if runner.server_args.attention_backend == "fa":
                    raise NotImplementedError("Unsupported tpu_version=4.")
                return choose(runner)

            module.ModelRunner._get_attention_backend = chosen

        spec.loader.exec_module = changed
        return spec

sys.meta_path.insert(0, Pin())
"""


def test_engines_on_it_answer_in_the_lane_tpu(tmp_path: Path) -> None:
    result = standin.run(tmp_path, BACK_7, N_ANSWERS, "-n", "0", seconds=SECONDS)
    assert result.verdicts == {("BACK-7", TPU_STAND_IN): "pass", ("GEN-6f", TPU_STAND_IN): "pass"}
    assert result.status == pytest.ExitCode.OK


def test_who_has_a_v4_sees_one_failure_and_learns_what_was_changed(tmp_path: Path) -> None:
    result = standin.run(
        tmp_path,
        *(BACK_7, N_ANSWERS, "-n", "0"),
        kind="TPU v4",
        customized=REFUSES_V4,
        seconds=SECONDS,
    )
    conditions = {case["promise"]: case[CONDITION] for case in result.cases}
    assert result.verdicts == {("BACK-7", TPU_STAND_IN): "fail", ("GEN-6f", TPU_STAND_IN): "pass"}
    assert "refuses TPU v4: `Unsupported tpu_version=4`" in result.output
    assert not conditions["BACK-7"]
    assert conditions["GEN-6f"].startswith("attention_backend=native")
    assert f"tried with (1): {conditions['GEN-6f']}" in result.output
