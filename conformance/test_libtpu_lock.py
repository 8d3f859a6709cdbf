"""One process has the TPU: who it is, when it is free again, and that nobody steals it."""

from fixtures import lock_rules, owners
from fixtures.libtpu_words import Kind
from fixtures.promises import promise
from fixtures.room import NOBODY, Room
from fixtures.verify import no_findings
from pinproof_cell.occupants import WAYS_TO_END

CHANGED = "libtpu changed: compare its words and its lock with what fixtures/libtpu_words.py knows"
# libtpu looks at the second only where the first is missing, so in this order.
DEVICES = ("vfio/0", "accel0")
CONTENDERS = ("first", "second", "third", "fourth")
RECOVERERS = 50
ROUNDS = 3


@promise(
    "LOCK-1",
    lanes=["lock", "tpu"],
    faults=[
        "libtpu-loads-although-locked",
        "one-chip-each-needs-no-lock",
        "lock-is-stolen-by-rm",
        "lock-is-dropped-by-a-reader",
        "leftover-is-taken-for-a-wreck",
        "libtpu-prints-a-new-message",
    ],
)
def test_one_process_at_a_time_has_libtpu(room: Room) -> None:
    """Of several processes, at once or later, one MUST get libtpu, the others a known refusal."""
    at_once = room.admit(*CONTENDERS)
    later = room.admit("later")
    no_findings(
        lock_rules.one_has_it([*at_once, *later], room.look()),
        required="one process loads libtpu and holds its lock; all others get a known refusal",
        next_step=CHANGED,
    )


@promise(
    "LOCK-1b",
    lanes=["lock"],
    faults=[
        "libtpu-prints-a-new-message",
        "libtpu-names-a-wrong-pid",
        "libtpu-does-not-say-who",
        "lock-is-stolen-by-rm",
    ],
)
def test_the_refusal_fits_the_situation(room: Room) -> None:
    """A refusal MUST speak of the lock, or name the process that has a chip's device open."""
    _holder, second = [*room.admit("holder"), *room.admit("second")]
    wrong = lock_rules.refused_as(Kind.LOCKED, second)
    for device in DEVICES:
        path = room.need_stand_in(device)
        [stranger] = room.admit(f"stranger with {device}", opens=path)
        [refused] = room.admit(f"refused for {device}")
        wrong += lock_rules.refused_as(Kind.DEVICE_OPEN, refused, names=stranger.pid)
        room.dismiss(stranger, frees=False)
    no_findings(wrong, required="the known refusal of this situation", next_step=CHANGED)


@promise(
    "LOCK-1c",
    lanes=["lock", "tpu"],
    faults=[
        "libtpu-prints-a-new-message",
        "lock-is-dropped-by-a-reader",
        "lock-is-held-by-a-helper",
        "libtpu-loads-although-locked",
    ],
)
def test_another_user_learns_whose_it_is(room: Room) -> None:
    """Another user MUST be refused while it is held, and MUST learn from us who can end that."""
    room.need_other_users()
    [holder] = room.admit("holder")
    [refused] = room.admit("another user", user=NOBODY)
    no_findings(
        lock_rules.refused_to_another(refused, holder, room.look(), NOBODY),
        required="a known refusal, and an explanation that names the holder and what is needed",
        next_step=CHANGED,
    )


@promise(
    "LOCK-2",
    lanes=["lock", "tpu"],
    faults=[
        "lock-is-held-by-a-helper",
        "lock-is-of-another-kind",
        "lock-is-dropped-by-a-reader",
        "libtpu-loads-although-locked",
    ],
)
def test_the_holder_that_we_name_is_the_real_one(room: Room) -> None:
    """Pid, user, command and cell that we name MUST be those of the process that has libtpu."""
    [holder] = room.admit("holder")
    [bystander] = room.admit("bystander")
    no_findings(
        [
            *lock_rules.named(room.look(), holder, room.cell),
            *lock_rules.seen_by(holder, bystander, holder=holder.pid),
        ],
        required="the process that loaded libtpu is the one that holds the lock, and is named",
        next_step="compare /proc/locks with the process that loaded libtpu",
    )


@promise(
    "LOCK-2b",
    lanes=["lock"],
    faults=["libtpu-names-a-wrong-pid", "lock-is-held-by-a-helper", "libtpu-does-not-say-who"],
)
def test_a_stranger_with_the_device_is_no_holder(room: Room) -> None:
    """Who only has a chip's device open MUST be told apart from the holder of the lock."""
    [holder] = room.admit("holder")
    [stranger] = room.admit("stranger", opens=room.need_stand_in("accel0"))
    [refused] = room.admit("refused")
    no_findings(
        lock_rules.told_apart(
            refused, holder, stranger, room.look(), owners.with_open(room.devices / "accel0")
        ),
        required="the explanation names both, and says which of them holds the lock",
        next_step=CHANGED,
    )


@promise(
    "LOCK-3",
    lanes=["lock", "tpu"],
    faults=[
        "lock-is-held-by-a-helper",
        "any-file-is-a-lock",
        "holder-never-exits",
        "exit-waits-for-the-lock",
    ],
)
def test_the_lock_is_free_after_any_end(room: Room) -> None:
    """The lock MUST be free 5 s after its holder exits, gets SIGTERM or SIGKILL, or crashes."""
    wrong: list[str] = []
    for how in WAYS_TO_END:
        [holder] = room.admit(f"holder until {how}")
        wrong += lock_rules.got_it(holder)
        wrong += lock_rules.free_after(how, **room.dismiss(holder, how))
        if wrong:
            break
    no_findings(
        wrong,
        required="nobody holds the lock, and the next process gets libtpu",
        next_step="look for a child of the holder that lives on, or for what keeps it from ending",
    )


@promise(
    "LOCK-4",
    lanes=["lock", "tpu"],
    faults=["any-file-is-a-lock", "lock-is-held-by-a-helper", "lock-is-of-another-kind"],
)
def test_a_stale_file_does_not_block_its_user(room: Room) -> None:
    """A file that a killed process left MUST NOT keep the same user from the TPU."""
    room.leave_a_stale_file()
    left = room.look()
    [heir] = room.admit("heir")
    no_findings(
        [*lock_rules.harmless(left), *lock_rules.got_it(heir), *lock_rules.held_by(room, heir)],
        required="the file is left, counts as stale, and the next process takes it",
        next_step=CHANGED,
    )


@promise(
    "LOCK-4b",
    lanes=["lock", "tpu"],
    faults=[
        "libtpu-prints-a-new-message",
        "lock-is-held-by-a-helper",
        "recoverer-does-nothing",
        "recoverer-forgets-for-whom",
        "recoverer-replaces-the-file",
    ],
)
def test_a_stale_file_of_another_user_is_explained(room: Room) -> None:
    """Whom another user's leftover file shuts out MUST be told so, and helped in place."""
    room.need_other_users()
    room.leave_a_stale_file()
    left, inode = room.look(), room.run("inode")
    [refused] = room.admit("another user", user=NOBODY)
    room.run("recover", user=NOBODY)
    kept = room.run("inode") == inode
    [helped] = room.admit("another user, helped", user=NOBODY)
    no_findings(
        [
            *lock_rules.shut_out(left, refused, NOBODY),
            *lock_rules.got_it(helped),
            *([] if kept else ["the recovery put another file in the place of the lock's"]),
        ],
        required="refused in known words, told what to do, and let in after a recovery in place",
        next_step=CHANGED,
    )


@promise(
    "LOCK-5",
    lanes=["lock", "tpu"],
    faults=[
        "recoverer-removes-the-file",
        "recoverer-asks-flock",
        "recoverer-looks-before-it-removes",
        "recoverer-takes-the-lock",
        "recoverer-replaces-the-file",
        "recoverer-kills-the-holder",
        "lock-is-stolen-by-rm",
    ],
)
def test_nothing_of_ours_takes_a_held_lock_away(room: Room) -> None:
    """Fifty recoverers at once MUST leave each holder its lock, and each start its chance."""
    room.leave_a_stale_file()
    wrong: list[str] = []
    room.run("start_racing", count=RECOVERERS)
    for number in range(ROUNDS):
        wrong += lock_rules.undisturbed(room, f"round {number + 1}")
    seen = room.run("stop_racing")
    no_findings(
        [*wrong, *lock_rules.all_raced(seen, RECOVERERS)],
        required="each process that starts in the race gets libtpu and stays its only holder",
        next_step="something removes, replaces or takes the lock: recover in place, as lockfile.py",
        recoveries=seen,
    )


@promise(
    "LOCK-6",
    lanes=["lock", "tpu"],
    faults=[
        "import-loads-libtpu",
        "import-initialises-a-backend",
        "import-leaves-the-lock-to-a-child",
    ],
)
def test_importing_does_not_take_the_lock(cold_room: Room) -> None:
    """Importing jax, flax, libtpu, sgl_jax and tunix MUST NOT take the lock."""
    found = cold_room.run("import_packages")
    no_findings(
        lock_rules.untouched(found, cold_room.look()),
        required="nobody holds the lock after the imports",
        next_step="run python -X importtime and look for a module that asks JAX for devices",
    )
