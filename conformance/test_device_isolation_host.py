"""An engine leaves its host's children, signals, settings and subprocesses as they were."""

from typing import Any

import pytest

from fixtures.cells import Cell
from fixtures.engines import START_SECONDS
from fixtures.isolation_host import (
    BEFORE,
    IMPORT,
    REQUEST,
    SHUTDOWN,
    START,
    WHOLE,
    Life,
    Recordings,
    touched,
    wrong_exits,
)
from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings
from reports.model import Level

NEXT_STEP = "find who touches it in the engine's start, and give the engine a setting not to"


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return {}


@pytest.fixture
def life(cells: Cells, engines: Engines, probe: Probe, kept: dict[str, Any]) -> Life:
    """An engine's life, recorded once for all tests of the module."""
    settings = {**engines.sound, "model_path": str(probe.directory)}
    prompt = next(iter(probe.prompts.values())).tokens

    def record(cell: Cell) -> Any:
        call = "pinproof_cell.scenarios.isolation_host:life"
        return cell.run(call, deadline=2 * START_SECONDS, settings=settings, prompt=prompt)

    return Recordings(cells, kept).of("life", record)  # type: ignore[no-any-return]


def untouched(life: Life, aspect: str, stages: tuple[str, ...] = WHOLE) -> None:
    no_findings(touched(life, aspect, stages), required="as the host left it", next_step=NEXT_STEP)


@promise(
    "ISO-6b",
    lanes=["cpu", "tpu"],
    faults=[
        "compile-cache-is-left-alone",
        "start-renames-the-compile-cache",
        "start-raises-the-cache-threshold",
    ],
)
def test_settings_of_the_compile_cache_stay(life: Life) -> None:
    """No setting of JAX's compile cache MUST change behind its host's back."""
    untouched(life, "cache")


@promise(
    "ISO-6f",
    lanes=["cpu", "tpu"],
    faults=[
        "start-turns-on-the-nan-check",
        "start-lowers-the-matmul-precision",
        "start-changes-the-default-device",
    ],
)
def test_other_settings_of_jax_stay(life: Life) -> None:
    """No other setting of JAX MUST change behind its host's back."""
    untouched(life, "jax")


@promise(
    "ISO-9",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=["start-kills-the-hosts-children", "request-kills-grandchildren"],
)
def test_children_survive_an_engine(life: Life) -> None:
    """Children of the host SHOULD survive the start of an engine and its requests."""
    untouched(life, "children", (START, REQUEST))


@promise(
    "ISO-9b",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=[
        "shutdown-spares-the-hosts-children",
        "shutdown-kills-sessions-of-their-own",
        "shutdown-terminates-grandchildren",
    ],
)
def test_children_survive_a_shutdown(life: Life) -> None:
    """Children of the host, and theirs, SHOULD survive the shutdown of an engine."""
    untouched(life, "children", (SHUTDOWN,))


@promise(
    "ISO-9c",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=[
        "signal-handlers-are-left-alone",
        "start-replaces-sigquit",
        "request-replaces-sigterm",
        "shutdown-resets-sigchld",
    ],
)
def test_signal_handlers_stay(life: Life) -> None:
    """The host's signal handlers SHOULD stay its own."""
    untouched(life, "signals")


@promise(
    "ISO-9d",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=["event-loop-policy-is-left-alone", "one-module-sets-a-policy"],
)
def test_the_event_loop_policy_stays(life: Life) -> None:
    """Neither importing nor running an engine SHOULD choose the process's event loop policy."""
    home = life[IMPORT]["policy"]["event loop policy"]
    found = [] if home == "asyncio" else [f"after {IMPORT}: the policy is one of {home}"]
    no_findings(
        [*found, *touched(life, "policy")],
        required="Python's own policy, or the one that the host has set",
        next_step=NEXT_STEP,
    )


@promise(
    "ISO-9e",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=[
        "logging-is-left-alone",
        "start-raises-the-root-level",
        "start-adds-a-handler",
        "start-removes-handlers",
    ],
)
def test_logging_stays(life: Life) -> None:
    """The root logger's handlers and level SHOULD stay, and the host's lines arrive once."""
    untouched(life, "logging")


@promise(
    "ISO-9f",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=[
        "signal-handlers-are-left-alone",
        "sigchld-handler-reaps-everybody",
        "sigchld-is-ignored",
    ],
)
def test_exit_codes_reach_the_host(life: Life) -> None:
    """The exit code of each of its subprocesses SHOULD reach the host."""
    no_findings(
        wrong_exits(life, (BEFORE, *WHOLE)),
        required="the code that the subprocess has exited with",
        next_step="look for a SIGCHLD handler that waits for children that it did not start",
    )


@promise(
    "ISO-9g",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=["resource-tracker-is-left-alone", "start-stops-the-tracker"],
)
def test_shared_memory_works(life: Life) -> None:
    """Shared memory, and with it Python's resource tracker, SHOULD work beside an engine."""
    untouched(life, "tracker")


@promise(
    "ISO-9h",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=["limits-are-left-alone", "start-wants-more-files"],
)
def test_resource_limits_stay(life: Life) -> None:
    """The limits of the process SHOULD stay."""
    untouched(life, "limits")


@promise(
    "ISO-9i",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=["environment-is-left-alone", "start-sets-a-variable", "request-drops-a-variable"],
)
def test_environment_variables_stay(life: Life) -> None:
    """The environment, which all later children get, SHOULD stay."""
    untouched(life, "environment")


@promise(
    "ISO-9j",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=["random-state-is-left-alone", "start-seeds-random", "requests-draw-from-numpy"],
)
def test_random_generators_stay(life: Life) -> None:
    """The states of Python's and NumPy's global random generators SHOULD stay."""
    untouched(life, "random")


@promise(
    "ISO-9k",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=["functions-of-python-are-left-alone", "import-replaces-a-function-of-os"],
)
def test_functions_of_python_stay(life: Life) -> None:
    """Importing the engine SHOULD replace no function of Python's own modules."""
    replaced = life[IMPORT]["functions"].items()
    no_findings(
        [f"{function} is now a function of {home}" for function, home in replaced],
        required="functions of asyncio, os, signal, subprocess, threading as Python has them",
        next_step=NEXT_STEP,
    )


@promise(
    "ISO-9l",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=[
        "start-changes-the-directory",
        "shutdown-replaces-the-excepthook",
        "request-turns-the-collector-off",
    ],
)
def test_the_rest_of_the_process_stays(life: Life) -> None:
    """Hooks, streams, directory, search path, warnings and collector SHOULD stay the host's."""
    untouched(life, "rest")
