"""What an entry of the ledger asks of a pin and its environment, and whether that can be at all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

NAMES = ("machine", "tpu")
PYTHON = "python"


@dataclass(frozen=True)
class Environment:
    """Conditions on where a pin is tried; where nothing is said, everything will do."""

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each fact that is a name, such as the machine's architecture, the names that will do."""

    python: SpecifierSet = field(default_factory=SpecifierSet)

    def holds(self, facts: Mapping[str, str]) -> bool:
        """A fact that nobody knows meets no condition."""
        named = all(facts.get(fact) in wanted for fact, wanted in self.names.items())
        return named and (not self.python or _contains(self.python, facts.get(PYTHON, "")))

    def meets(self, other: "Environment") -> bool:
        """Whether both can hold at once."""
        shared = self.names.keys() & other.names.keys()
        apart = any(self.names[fact].isdisjoint(other.names[fact]) for fact in shared)
        return not apart and satisfiable(self.python & other.python)


def of_pin(value: Any) -> tuple[Requirement, ...]:
    """The conditions on the pin; empty unless all of them say something about a version."""
    try:
        conditions = tuple(map(Requirement, value if isinstance(value, list) else [value]))
    except (InvalidRequirement, TypeError):
        return ()
    usable = all(c.specifier and not c.marker and not c.url for c in conditions)
    return conditions if usable else ()


def of_environment(value: Any) -> Environment | None:
    """The conditions on the environment; None unless all of them can be understood."""
    if not isinstance(value, dict) or not value or set(value) - {*NAMES, PYTHON}:
        return None
    names = {fact: _names(value[fact]) for fact in NAMES if fact in value}
    python = value.get(PYTHON, "")
    if not all(names.values()) or not isinstance(python, str) or (PYTHON in value and not python):
        return None
    try:
        return Environment(names, SpecifierSet(python))
    except InvalidSpecifier:
        return None


def satisfied(conditions: Iterable[Requirement], versions: Mapping[str, str]) -> bool:
    """Whether the pin has all the named packages in the named versions."""
    installed = {str(canonicalize_name(name)): versions[name] for name in versions}
    return all(
        _contains(each.specifier, installed.get(canonicalize_name(each.name)) or "")
        for each in conditions
    )


def possible(conditions: Iterable[Requirement]) -> bool:
    """Whether some pin could meet them all."""
    joined: dict[str, SpecifierSet] = defaultdict(SpecifierSet)
    for each in conditions:
        joined[canonicalize_name(each.name)] &= each.specifier
    return all(map(satisfiable, joined.values()))


def satisfiable(specifiers: SpecifierSet) -> bool:
    """Tried with the versions at and beside those that are named: between them nothing changes."""
    if not specifiers or any(each.operator == "===" for each in specifiers):
        return True
    bounds = [Version(each.version.removesuffix(".*")) for each in specifiers]
    return any(
        specifiers.contains(each, prereleases=True)
        for each in ["0", *(near for bound in bounds for near in _near(bound))]
    )


def _near(bound: Version) -> Iterator[str]:
    release = f"{bound.epoch}!{'.'.join(map(str, bound.release))}"
    yield str(bound)
    yield f"{release}.dev0"
    yield f"{release}.0.0.0.1"
    *most, last = bound.release
    yield f"{bound.epoch}!{'.'.join(map(str, [*most, last + 1]))}"
    if bound.pre:
        letter, number = bound.pre
        yield f"{release}{letter}{number}.post0.dev0"
        yield f"{release}{letter}{number + 1}"
    if bound.post is not None:
        yield f"{release}.post{bound.post + 1}"


def _contains(specifiers: SpecifierSet, version: str) -> bool:
    try:
        return specifiers.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _names(value: Any) -> frozenset[str]:
    named = value if isinstance(value, list) else [value]
    return (
        frozenset(named) if all(isinstance(each, str) and each for each in named) else frozenset()
    )
