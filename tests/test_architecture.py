"""Who may import whom, as DESIGN lays out the house."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = frozenset(
    {"cli", "conformance", "conftest", "fixtures", "pinproof_cell", "pins", "reports", "tests"}
)
LEAVES = frozenset({"reports.model", "pins.spec", "pins.ledger"})
STACK = frozenset({"jax", "jaxlib", "flax", "libtpu", "sgl_jax", "tunix"})
CELL = Path("fixtures/cell/pinproof_cell")

# What each part may import of ours, beside the leaves. Only cli, conftest.py and tests join parts.
MAY_IMPORT = {
    "fixtures": {"fixtures", "pinproof_cell"},
    "reports": {"reports"},
    "pins": {"pins"},
    "conformance": {"fixtures", "pinproof_cell"},
    "cli": {"cli", "fixtures", "pinproof_cell", "pins", "reports"},
    "conftest.py": {"fixtures", "pinproof_cell", "pins", "reports"},
    "tests": {"cli", "conftest", "fixtures", "pinproof_cell", "pins", "reports", "tests"},
}
BOOTSTRAP = (
    *("pinproof", "cli/__init__.py", "cli/bootstrap.py", "cli/interpreters.py"),
    *("pins/__init__.py", "pins/exclusive.py", "pins/failures.py"),
)

SUITE_FILES = sorted(
    path.relative_to(ROOT)
    for part in MAY_IMPORT
    for path in [ROOT / part, *(ROOT / part).rglob("*.py")]
    if path.is_file() and CELL not in path.relative_to(ROOT).parents
)
CELL_FILES = sorted(path.relative_to(ROOT) for path in (ROOT / CELL).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names; `from a import b` is `a.b`, because b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parse(file: Path | str, python: tuple[int, int] = (3, 12)) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), feature_version=python)


def at_import(tree: ast.Module) -> Iterator[str]:
    """The imports that happen when the module is imported, rather than inside functions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(node)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def top(name: str) -> str:
    return name.partition(".")[0]


def is_within(name: str, modules: frozenset[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


@pytest.mark.parametrize("file", SUITE_FILES, ids=str)
def test_a_part_imports_only_its_own_and_the_leaves(file: Path) -> None:
    allowed = MAY_IMPORT[file.parts[0]]
    ours = [name for name in imports(parse(file)) if top(name) in OURS]
    assert [n for n in ours if top(n) not in allowed and not is_within(n, LEAVES)] == []


@pytest.mark.parametrize("file", SUITE_FILES, ids=str)
def test_the_suite_never_imports_the_stack_under_test(file: Path) -> None:
    assert [name for name in imports(parse(file)) if top(name) in STACK] == []


@pytest.mark.parametrize("file", CELL_FILES, ids=str)
def test_a_cell_imports_the_stack_only_inside_functions(file: Path) -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "pinproof_cell"}
    assert [name for name in at_import(parse(file)) if top(name) not in allowed] == []


@pytest.mark.parametrize("file", CELL_FILES, ids=str)
def test_a_cell_imports_nothing_else_of_ours(file: Path) -> None:
    ours = [name for name in imports(parse(file)) if top(name) in OURS]
    assert [name for name in ours if top(name) != "pinproof_cell"] == []


@pytest.mark.parametrize(
    ("leaf", "below"),
    [
        ("reports/model.py", frozenset[str]()),
        ("pins/spec.py", frozenset[str]()),
        ("pins/conditions.py", frozenset[str]()),
        ("pins/ledger.py", frozenset({"pins.conditions", "reports.model"})),
    ],
)
def test_a_leaf_stands_on_nothing_but_the_words(leaf: str, below: frozenset[str]) -> None:
    ours = [name for name in imports(parse(leaf)) if top(name) in OURS]
    assert [name for name in ours if not is_within(name, below)] == []


@pytest.mark.parametrize("file", BOOTSTRAP)
def test_the_bootstrap_needs_only_an_old_python(file: str) -> None:
    names = set(at_import(parse(file, python=(3, 10))))
    assert {name for name in names if top(name) not in {*sys.stdlib_module_names, *OURS}} == set()


def test_the_bootstrap_imports_nothing_of_ours_that_needs_more() -> None:
    ours = {name for file in BOOTSTRAP for name in at_import(parse(file)) if top(name) in OURS}
    files = [ROOT / Path(*name.split(".")[:2]).with_suffix(".py") for name in ours]
    assert {str(file.relative_to(ROOT)) for file in files if file.exists()} <= set(BOOTSTRAP)


def test_what_looks_at_an_environment_needs_only_its_python() -> None:
    names = imports(parse("pins/inspection.py", python=(3, 7)))
    assert {name for name in names if top(name) not in sys.stdlib_module_names} == set()


@pytest.mark.parametrize("file", [*SUITE_FILES, *CELL_FILES], ids=str)
def test_a_module_stays_small_enough_to_read(file: Path) -> None:
    assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) < 250
