"""Chips belong to one process at a time, and who comes second learns to whom."""

from fixtures import lock_rules
from fixtures.promises import promise
from fixtures.room import Room
from fixtures.verify import no_findings


@promise(
    "ISO-8",
    lanes=["lock", "tpu"],
    faults=[
        "libtpu-loads-although-locked",
        "one-chip-each-needs-no-lock",
        "lock-is-stolen-by-rm",
        "libtpu-prints-a-new-message",
        "libtpu-names-a-wrong-pid",
        "libtpu-does-not-say-who",
        "lock-is-held-by-a-helper",
    ],
)
def test_a_second_process_is_refused_and_learns_by_whom(room: Room) -> None:
    """A second process that wants the same chips MUST be refused by the name of their holder."""
    [holder] = room.admit("holder", opens=room.device_to_open())
    [second] = room.admit("second")
    no_findings(
        lock_rules.refused_by_name(second, holder, room.look()),
        required="libtpu's refusal names the holder's pid, and so does our explanation",
        next_step="compare the refusal with /proc/locks and with who has the chips' devices open",
    )
