"""The packages of a pin belong together, and importing them does nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.cells import Cell
from fixtures.engines import Engine
from fixtures.probes import Shape, tiny_checkpoint
from fixtures.promises import promise
from fixtures.provenance import IMPORTS, mismatches
from fixtures.requirements import Installation
from fixtures.verify import no_findings, require
from reports.model import Blocked, Evidence, Level

SCENARIOS = "pinproof_cell.scenarios.environment"
TUNIX = "pinproof_cell.scenarios.tunix"


@promise(
    "ENV-1",
    lanes=["static"],
    faults=[
        "requirement-conflicts",
        "required-package-is-missing",
        "another-python-is-wanted",
        "package-is-installed-twice",
    ],
)
def test_installed_packages_satisfy_each_other(cell: Cell) -> None:
    """All packages that sglang-jax and tunix reach MUST meet each other's declared requirements."""
    installation = Installation(cell.run(f"{SCENARIOS}:distributions"))
    no_findings(
        installation.conflicts(),
        required="each declared requirement is met by the one installed version",
        next_step="install both sides in one resolver run, or move the pin until they agree",
    )


@promise(
    "ENV-2",
    lanes=["static"],
    faults=[
        "module-is-shadowed",
        "version-is-not-the-recorded-one",
        "file-was-edited-in-place",
        "commit-is-not-the-recorded-one",
    ],
)
def test_what_is_imported_is_what_was_installed(cell: Cell) -> None:
    """Path, content, version and commit of what is imported MUST be what the installer recorded."""
    installed = Installation(cell.run(f"{SCENARIOS}:distributions")).names
    wrong: list[str] = []
    for name, imports in IMPORTS.items():
        if name in installed:
            report = cell.run(f"{SCENARIOS}:provenance", distribution=name, imports=imports)
            wrong += mismatches(name, report)
    no_findings(
        wrong,
        required="modules come unchanged from the installation that their metadata describe",
        next_step="look for PYTHONPATH, a .pth file, a stale copy or edits in site-packages",
    )


@pytest.fixture
def tunix(cell: Cell) -> None:
    """A pin may come without a trainer; what it needs of one can't be tried then."""
    if "google-tunix" not in Installation(cell.run(f"{SCENARIOS}:distributions")).names:
        raise Blocked(
            Evidence(
                observed="google-tunix is not installed in this pin",
                required="a pin with the trainer whose calls are judged",
                next_step="pip install google-tunix there (`tunix` is a placeholder of that name)",
            )
        )


@pytest.mark.usefixtures("tunix")
@promise(
    "ENV-3",
    lanes=["static"],
    faults=["tunix-passes-an-unknown-keyword", "tunix-passes-nothing"],
)
def test_engine_accepts_what_tunix_passes(cell: Cell) -> None:
    """Every keyword that tunix's sampler passes to `Engine` MUST be a field of `ServerArgs`."""
    keywords = cell.run(f"{TUNIX}:engine_keywords")
    unknown = sorted(set(keywords["passed"]) - set(keywords["accepted"]))
    require(
        keywords["passed"] and not unknown,
        observed=f"tunix passes {len(keywords['passed'])} keywords; not accepted: {unknown}",
        required="it passes at least one, and ServerArgs has a field for each",
        next_step="compare tunix's sglang_jax_sampler with ServerArgs; move one of the two",
        **keywords,
    )


@pytest.fixture
def engine(cell: Cell, sound: dict[str, Any], tmp_path: Path) -> Iterator[Engine]:
    started = Engine.start(cell, "tunix-walks", tiny_checkpoint(tmp_path), **sound)
    yield started
    if cell.alive:
        started.shutdown()


@pytest.mark.usefixtures("tunix")
@promise(
    "ENV-3b",
    lanes=["cpu", "tpu"],
    faults=["scheduler-is-hidden", "model-runner-is-renamed", "leaves-are-a-tuple"],
)
def test_tunix_finds_its_way_to_the_weights(engine: Engine) -> None:
    """What tunix's sampler walks in a started engine MUST exist and be what it takes it for."""
    found = engine.cell.run(f"{TUNIX}:walk", engine=engine.name)
    expected = {
        "missing": "",
        "kinds": {"leaves": "list", "mesh": "Mesh"},
        "kv_heads": Shape().num_key_value_heads,
        "head_dim": Shape().head_dim,
        "leaves_are_the_models": True,
    }
    require(
        found == expected,
        observed=f"the walk gave {found}",
        required=f"model, model_state_leaves, mesh and model_config: {expected}",
        next_step="compare SglangJaxSampler._model_runner of tunix with the scheduler of sgl_jax",
    )


@promise(
    "ENV-4",
    level=Level.SHOULD,
    lanes=["static"],
    faults=["import-initialises-a-backend", "import-takes-the-lock"],
)
def test_importing_leaves_devices_alone(cold_cell: Cell) -> None:
    """Importing sgl_jax SHOULD neither initialise a JAX backend nor take libtpu's lock."""
    found = cold_cell.run(f"{SCENARIOS}:import_for_the_first_time")
    require(
        not (found["initialised"] or found["backends"] or found["locks"]),
        observed=f"backends {found['backends']} are initialised, locks held: {found['locks']}",
        required="no backend and no lock until somebody asks for a device",
        next_step="run python -X importtime and look for a module that calls jax.devices()",
        **found,
    )
