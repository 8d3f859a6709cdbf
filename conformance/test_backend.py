"""Devices, arithmetic, collectives, transfers and the compile cache, before any engine."""

from pathlib import Path

from fixtures import arithmetic, collectives, compile_cache, generations
from fixtures.cells import Cell
from fixtures.lanes import Lane
from fixtures.nursery import Cells
from fixtures.promises import promise
from fixtures.verify import no_findings, require
from reports.model import Level

SCENARIOS = "pinproof_cell.scenarios.backend"
TRANSFER = "pinproof_cell.scenarios.transfer"

# What the engine keeps weights, caches and token ids in; wider types are narrowed before transfer.
DTYPES = (
    *("bfloat16", "float16", "float32", "float8_e4m3fn", "float8_e5m2"),
    *("int8", "uint8", "int32", "uint32", "bool"),
)
SIZES = (4100, 2**20, 2**26)


@promise(
    "BACK-1",
    lanes=["cpu", "tpu"],
    faults=["device-count-lies", "wrong-platform", "kind-is-unknown"],
)
def test_devices_are_the_lanes(cell: Cell, lane: Lane) -> None:
    """The default backend MUST be the lane's, with at least the asked devices, of known kinds."""
    found = cell.run(f"{SCENARIOS}:devices")
    assert lane.shows is not None
    require(
        {found["platform"], found["landed_on"], *found["platforms"]} == {lane.shows}
        and min(found["count"], len(set(found["ids"]))) >= lane.device_count
        and set(found["kinds"]) <= generations.KINDS[lane.shows],
        observed=f"{found['count']} devices of {found['platforms']}, kinds {found['kinds']}, "
        f"default {found['platform']}, arrays land on {found['landed_on']}",
        required=f"at least {lane.device_count} devices of {lane.shows}, of a known kind",
        next_step="look at JAX_PLATFORMS, XLA_FLAGS and visible chips; add a new kind to our table",
        **found,
    )


@promise(
    "BACK-2",
    lanes=["cpu", "tpu"],
    faults=[
        "matmul-off-on-one-device",
        "int8-matmul-saturates",
        "exp-is-approximate",
        "sum-drops-the-last-element",
        "einsum-reverses-rows",
        "second-run-differs",
    ],
)
def test_each_device_computes_what_numpy_computes(cell: Cell, lane: Lane) -> None:
    """On each device matmuls, a sum and an elementwise chain MUST agree with NumPy, every time.

    In float32, bfloat16 and int8; within the rounding of the format, and twice to the same bits.
    """
    wrong: list[str] = []
    for dtype in arithmetic.DTYPES:
        task = arithmetic.task(dtype, float32_unit=lane.float32_unit)
        for device in range(lane.device_count):
            results = cell.run(
                f"{SCENARIOS}:compute", device=device, dtype=dtype, operands=task.operands
            )
            wrong += arithmetic.findings(task, results, device)
    no_findings(wrong, required="NumPy's answer, within rounding", next_step=arithmetic.NEXT_STEP)


@promise(
    "BACK-3",
    lanes=["cpu", "tpu"],
    faults=[
        "psum-becomes-pmean",
        "all-gather-swaps-rows",
        "reduce-scatter-is-shifted",
        "ppermute-runs-backwards",
    ],
)
def test_collectives_give_each_device_its_values(cell: Cell, lane: Lane) -> None:
    """psum, all_gather, reduce_scatter and ppermute over all devices MUST give the right values."""
    rows = collectives.contributions(lane.device_count)
    wrong: list[str] = []
    for operation, dtype in collectives.TRIALS:
        held = cell.run(f"{SCENARIOS}:collect", operation=operation, dtype=dtype, values=rows)
        wrong += collectives.findings(operation, dtype, rows, held)
    no_findings(
        wrong,
        required="on each device what NumPy computes from all devices' rows",
        next_step="if one operation is wrong suspect the compiler, if all are the device order",
    )


@promise(
    "BACK-4",
    lanes=["cpu", "tpu"],
    faults=[
        "transfer-flushes-denormals",
        "transfer-canonicalises-nan",
        "transfer-drops-the-sign-of-zero",
        "large-transfer-loses-its-end",
    ],
)
def test_round_trips_are_bit_exact(cell: Cell, lane: Lane) -> None:
    """A round trip host, device, host MUST keep every bit, for each dtype and 1 B to 64 MiB."""
    call = f"{TRANSFER}:round_trips"
    changed: list[str] = []
    for device in range(lane.device_count):
        for dtype in DTYPES:
            changed += cell.run(call, device=device, dtype=dtype, sizes=list(SIZES))
    no_findings(
        changed,
        required="the same bits, NaN payloads, signed zeros and denormals included",
        next_step="compare the sizes and dtypes that changed: one dtype, one device or large only?",
    )


@promise(
    "BACK-5",
    level=Level.SHOULD,
    lanes=["tpu"],
    faults=["somebody-else-allocates"],
)
def test_device_memory_is_free(fresh_cell: Cell) -> None:
    """Before we start, chips SHOULD be unused and have their known memory less a stated reserve."""
    devices = fresh_cell.run(f"{SCENARIOS}:memory")
    no_findings(
        generations.shortages(devices),
        required="the generation's memory less 1.5 GiB is free, and at most 64 MiB are in use",
        next_step="look for another process or a premapped buffer on these chips",
        devices=devices,
    )


@promise(
    "BACK-6",
    lanes=["cpu", "tpu"],
    faults=["compile-cache-forgets", "compile-cache-key-varies"],
)
def test_second_process_compiles_nothing_new(cells: Cells, tmp_path: Path) -> None:
    """A program that one process has compiled MUST come from the persistent cache in the next."""
    first = compile_cache.visit(cells, tmp_path, salts=[1], stay=False)
    second = compile_cache.visit(cells, tmp_path, salts=[1, 2], stay=True)
    no_findings(
        compile_cache.findings(first, second),
        required="a miss and an entry at first, then a hit and no miss; a new program still misses",
        next_step="compare the cache keys: which flag, version or path differs between processes?",
    )
