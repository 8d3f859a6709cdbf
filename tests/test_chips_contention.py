"""Eight processes want four chips, and some are killed: nobody shares one, nobody starves."""

import random
import threading
import time
from pathlib import Path

import pytest

from fixtures.chips import Leases
from fixtures.lease_queue import waiting_in
from fixtures.lease_words import holders
from tests.stand_in_chips import Taker, board
from tests.waiting import wait_until

WANTED = (1, 1, 1, 1, 1, 2, 2, 4)
KILLS = 20


@pytest.mark.parametrize("seed", [1, 2])
def test_random_kills_leave_nothing_behind(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    chips = board(tmp_path)
    takers = [Taker(tmp_path, wanted, seed=number) for number, wanted in enumerate(WANTED)]
    said = []
    for number in range(KILLS):
        threading.Event().wait(chance.uniform(0.05, 0.4))
        victim = takers.pop(chance.randrange(len(takers)))
        said += victim.kill()
        takers.append(Taker(tmp_path, victim.chips, seed=100 + number))
    survivors = [taker.finish() for taker in takers]
    said += [word for each in survivors for word in each]
    assert [word for word in said if "collision" in word] == []
    assert all(any("chips" in word for word in each) for each in survivors)
    assert holders(chips) == {}
    assert waiting_in(chips.queue) == []
    Leases(chips).take(4, seconds=5).release()


def test_nobody_waits_much_longer_than_the_others(tmp_path: Path) -> None:
    chips = board(tmp_path)
    everything = Leases(chips).take(4)
    takers = [Taker(tmp_path, wanted, seed=number) for number, wanted in enumerate(WANTED)]
    for taker in takers:
        taker.hear()
    wait_until(lambda: len(waiting_in(chips.queue)) == len(takers))
    everything.release()
    threading.Event().wait(6)
    end = time.monotonic()
    said = [taker.finish() for taker in takers]
    leases = [sum("chips" in word and word["at"] < end for word in each) for each in said]
    assert max(leases) <= 2 * min(leases) + 2
