"""Shutting an engine down: in any situation, without a trace, and nothing else with it."""

from typing import Any

import pytest

from fixtures.engines import GREEDY
from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.teardown import CALL_SECONDS, SCENARIOS, SHUTDOWN_SECONDS, listed, remains, unquiet
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

SHUTDOWNS = f"{SCENARIOS}.teardown"
SHORT: dict[str, Any] = {**GREEDY, "max_new_tokens": 2}
LONG: dict[str, Any] = {**GREEDY, "max_new_tokens": 20}


@pytest.fixture
def settings(sound: dict[str, Any], probe: Probe) -> dict[str, Any]:
    return {**sound, "model_path": str(probe.directory)}


@pytest.fixture
def request_of_two(probe: Probe) -> dict[str, Any]:
    prompts = [list(prompt.tokens) for prompt in list(probe.prompts.values())[:2]]
    return {"input_ids": prompts, "sampling_params": SHORT}


@promise(
    "TEAR-2",
    lanes=["cpu", "tpu"],
    faults=[
        "shutdown-again-raises",
        "shutdown-third-time-hangs",
        "shutdown-awaits-a-first-request",
        "shutdown-joins-the-scheduler",
        "shutdown-dawdles",
    ],
)
def test_idle_engine_shuts_down(
    cells: Cells, settings: dict[str, Any], request_of_two: dict[str, Any]
) -> None:
    """An idle engine's `shutdown()` MUST return in 5 s, before requests, after them and again."""
    shutdowns = cells.fresh().run(
        f"{SHUTDOWNS}:shut_down_idle",
        deadline=CALL_SECONDS,
        settings=settings,
        request=request_of_two,
        patience=SHUTDOWN_SECONDS,
    )
    no_findings(
        unquiet(shutdowns),
        required="each shutdown returns within 5 s of a calm machine and raises nothing",
        next_step="see what Engine.shutdown takes for granted about the engine's state",
        shutdowns=shutdowns,
    )


@promise(
    "TEAR-2b",
    lanes=["cpu", "tpu"],
    faults=[
        "shutdown-waits-for-requests",
        "shutdown-sets-signals-anywhere",
        "shutdown-waits-for-its-loop",
        "shutdown-joins-the-scheduler",
        "shutdown-dawdles",
    ],
)
def test_busy_engine_shuts_down(
    cells: Cells, settings: dict[str, Any], request_of_two: dict[str, Any]
) -> None:
    """During requests and from another thread `shutdown()` MUST return in 5 s and raise nothing."""
    shutdowns = cells.fresh().run(
        f"{SHUTDOWNS}:shut_down_busy",
        deadline=CALL_SECONDS,
        settings=settings,
        request={**request_of_two, "sampling_params": LONG},
        patience=SHUTDOWN_SECONDS,
    )
    no_findings(
        unquiet(shutdowns),
        required="each shutdown returns within 5 s of a calm machine and raises nothing",
        next_step="see what Engine.shutdown waits for, and what it may do on the main thread only",
        shutdowns=shutdowns,
    )


@promise(
    "TEAR-2c",
    lanes=["cpu", "tpu"],
    faults=["shutdown-needs-a-started-engine", "shutdown-again-raises", "shutdown-dawdles"],
)
def test_failed_engine_shuts_down(cells: Cells, settings: dict[str, Any]) -> None:
    """After a start that raised, `shutdown()` MUST return in 5 s and raise nothing."""
    shutdowns = cells.fresh().run(
        f"{SHUTDOWNS}:shut_down_failed",
        deadline=CALL_SECONDS,
        settings={**settings, "page_size": 16, "chunked_prefill_size": 24},
        patience=SHUTDOWN_SECONDS,
    )
    no_findings(
        unquiet(shutdowns),
        required="each shutdown returns within 5 s of a calm machine and raises nothing",
        next_step="set what shutdown looks at before Engine.__init__ registers it with atexit",
        shutdowns=shutdowns,
    )


@promise(
    "TEAR-3",
    lanes=["cpu", "tpu"],
    faults=[
        "helper-is-left",
        "resource-tracker-is-started",
        "port-is-left-open",
        "directory-is-left",
        "file-is-left-elsewhere",
        "lock-is-left",
    ],
)
def test_shutdown_leaves_nothing(
    cells: Cells, settings: dict[str, Any], request_of_two: dict[str, Any]
) -> None:
    """After `shutdown()` no process, port, temporary file or lock of the engine's MUST be left."""
    no_findings(
        listed(
            remains(cells.fresh(), settings, request_of_two),
            "processes",
            "tcp",
            "files",
            "locks",
            "elsewhere",
        ),
        required="what there was before the engine's start",
        next_step="look at what Engine.__init__ starts, opens and makes: shutdown has to undo it",
    )


@promise(
    "TEAR-3b",
    lanes=["cpu", "tpu"],
    faults=[
        "shutdown-closes-down",
        "shutdown-keeps-sockets",
        "shutdown-keeps-files",
        "shutdown-keeps-one-file",
    ],
)
def test_shutdown_leaves_no_ipc(
    cells: Cells, settings: dict[str, Any], request_of_two: dict[str, Any]
) -> None:
    """After `shutdown()` no ipc socket of the engine's MUST listen and no file of one be left."""
    no_findings(
        listed(remains(cells.fresh(), settings, request_of_two), "ipc", "ipc files"),
        required="no listening ipc socket, and no file where one was",
        next_step="close the engine's zmq sockets and remove the files that PortArgs names",
    )


@promise(
    "TEAR-8",
    lanes=["cpu", "tpu"],
    faults=[
        "shutdown-spares-children",
        "shutdown-kills-its-children",
        "shutdown-kills-grandchildren",
        "shutdown-terminates-its-group",
        "shutdown-kills-the-second-time",
    ],
)
def test_shutdown_kills_no_stranger(cells: Cells, settings: dict[str, Any]) -> None:
    """`shutdown()` MUST kill nothing that the engine did not start."""
    gone = cells.fresh().run(
        f"{SHUTDOWNS}:killed_by_shutdown", deadline=CALL_SECONDS, settings=settings, again=2
    )
    no_findings(
        listed(gone, *gone),
        required="children of the host, and theirs, live on in their own session and in the host's",
        next_step="let shutdown kill what the engine has started, not all children of its process",
    )
