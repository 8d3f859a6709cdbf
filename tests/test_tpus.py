"""The table of TPU generations agrees with itself, and with what the stack knows of them."""

from itertools import combinations

import pytest

from fixtures import generations, tpus
from fixtures.tpus import GENERATIONS, GIB, MODEL_CAPS, PAGE_SIZES, PROBE_CAPS, Generation

IDS = [each.name for each in GENERATIONS]
every_generation = pytest.mark.parametrize("generation", GENERATIONS, ids=IDS)
that_runs_engines = pytest.mark.parametrize(
    "generation", [each for each in GENERATIONS if each.runs_engines], ids=lambda each: each.name
)

# Qwen3-4B: parameters and, per token, 36 layers of keys and values of 8 heads of 128 in bfloat16.
FOUR_BILLION = 4_022_468_096 * 2
A_TOKEN_OF_IT = 36 * 2 * 8 * 128 * 2


@pytest.mark.parametrize(
    ("accelerator_type", "name", "chips"),
    [
        ("v4-8", "v4", 4),
        ("v5litepod-4", "v5e", 4),
        ("v5litepod-8", "v5e", 8),
        ("v5p-8", "v5p", 4),
        ("v6e-1", "v6e", 1),
        ("v6e-4", "v6e", 4),
        ("v6e-8", "v6e", 8),
        ("tpu7x-8", "tpu7x", 4),
    ],
)
def test_what_one_can_order_is_known(accelerator_type: str, name: str, chips: int) -> None:
    found = tpus.of_slice(accelerator_type)
    assert found is not None
    assert (found.name, found.slices[accelerator_type].chips) == (name, chips)


@pytest.mark.parametrize("names", ["slices", "kinds"])
def test_a_name_means_one_generation(names: str) -> None:
    for one, other in combinations(GENERATIONS, 2):
        assert not set(getattr(one, names)) & set(getattr(other, names))


@every_generation
def test_the_number_in_a_name_counts_chips_or_cores(generation: Generation) -> None:
    for name, ordered in generation.slices.items():
        per_chip = 1 if generation.name in {"v5e", "v6e"} else generation.cores_per_chip
        assert int(name.rpartition("-")[2]) == ordered.chips * per_chip


@every_generation
def test_a_topology_has_as_many_places_as_chips(generation: Generation) -> None:
    for ordered in generation.slices.values():
        places = 1
        for side in ordered.topology.split("x"):
            places *= int(side)
        assert places == ordered.chips <= generation.chips_per_host


@every_generation
def test_each_is_found_by_what_shows_it(generation: Generation) -> None:
    assert {tpus.of_kind(kind) for kind in generation.kinds} == {generation}
    assert tpus.of_pci(generation.pci_device, generation.pci_subsystem or "0x00ff") is generation


@pytest.mark.parametrize("ids", [("0x0000", ""), ("0x0027", ""), ("0x0027", "0x9999")])
def test_what_is_not_in_the_table_is_not_guessed(ids: tuple[str, str]) -> None:
    assert tpus.of_pci(*ids) is None


def test_a_cpu_is_no_generation() -> None:
    assert tpus.of_kind("cpu") is None


def test_only_the_two_oldest_run_no_engine() -> None:
    assert [each.name for each in GENERATIONS if not each.runs_engines] == ["v2", "v3"]


def test_free_memory_is_judged_by_the_same_table() -> None:
    assert generations.HBM_PER_DEVICE["TPU7x"] == 96 * GIB
    assert set(generations.HBM_PER_DEVICE) == {kind for each in GENERATIONS for kind in each.kinds}


@that_runs_engines
@pytest.mark.parametrize("page_size", PAGE_SIZES)
def test_eight_requests_have_their_pages(generation: Generation, page_size: int) -> None:
    settings = generation.engine_settings(page_size)
    pages_of_one = -(-settings["context_length"] // page_size)
    assert settings["max_total_tokens"] % page_size == 0
    assert settings["max_total_tokens"] // page_size > 8 * pages_of_one


@that_runs_engines
def test_the_largest_model_we_name_starts_on_one_device(generation: Generation) -> None:
    """As the engine reckons: what is free, less the share that is not static, is for tokens."""
    settings = generation.engine_settings(128, MODEL_CAPS)
    hbm = generation.hbm_per_device
    free = hbm - generations.RUNTIME_RESERVE - FOUR_BILLION
    for_tokens = free - hbm * (1 - settings["mem_fraction_static"])
    assert for_tokens > settings["max_total_tokens"] * A_TOKEN_OF_IT
    assert hbm * (1 - settings["mem_fraction_static"]) >= 4 * GIB


@that_runs_engines
def test_four_engines_with_a_probe_start_on_one_device(generation: Generation) -> None:
    """What each takes is so small that the next one still finds its share free."""
    taken = 4 * (GIB // 8)  # weights below 1 MiB, 2048 tokens of a few KiB, and programs
    hbm = generation.hbm_per_device
    free = hbm - generations.RUNTIME_RESERVE - taken
    assert free > hbm * (1 - PROBE_CAPS.mem_fraction_static)
