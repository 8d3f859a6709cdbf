"""The suite's NumPy keeps to one thread, and no cell learns of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = """\
import os
from pathlib import Path
before = dict(os.environ)
from fixtures.one_thread import import_numpy_with_one_thread
import_numpy_with_one_thread()
import numpy
square = numpy.ones((512, 512))
square @ square
print(len(list(Path("/proc/self/task").iterdir())), os.environ == before)
"""


@pytest.mark.parametrize("variables", [{}, {"OPENBLAS_NUM_THREADS": "2"}], ids=["unset", "set"])
def test_numpy_has_one_thread_and_the_environment_is_as_before(variables: dict[str, str]) -> None:
    environment = {**os.environ, **variables, "PYTHONPATH": str(ROOT)}
    said = subprocess.check_output([sys.executable, "-c", SCRIPT], env=environment, text=True)
    assert said.split() == ["1", "True"]
