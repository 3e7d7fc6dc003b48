"""Using up memory: at once, bit by bit, by many processes, and where nobody counts it.

Must stay true: what a submission holds stays near its limit wherever it hides it, an allocation
that can't be had is an error in its own cell, and the feedback says what was too much.
"""

from __future__ import annotations

import pytest

from graders.grading import Grader
from tests.attacks.conftest import HONEST, Attack, limits
from tests.tiers import with_exhaustive

LIMIT = 1_200_000_000
# No attack goes on beyond this, in case that no wall holds it.
BOUND = 2_000_000_000

BEGUN = f"""{HONEST}
# %%
import ctypes, fcntl, mmap, os, socket, time
libc = ctypes.CDLL(None, use_errno=True)
BOUND = {BOUND}
held = 0
"""


def test_an_allocation_that_is_too_large_is_an_error_in_its_cell(attack: Attack) -> None:
    after = attack(
        f"{HONEST}\n# %%\nimport numpy as np\nhuge = np.ones(100 * 10**9, dtype=np.uint8)\n"
        "# %%\ntext = 'x' * 10**11\n# %%\nimport mmap\nmapped = mmap.mmap(-1, 10**11, flags=34)\n"
        "# %%\nreached = 1"
    )

    assert after.result.execution.status == "complete"
    assert after.errors[:2] in (["MemoryError"] * 2, ["_ArrayMemoryError", "MemoryError"])
    assert after.errors[2] == "OSError"
    assert after.values["reached"] == 1
    assert "KxIA" in after.recording.data.arrays


def test_a_process_that_takes_ever_more_gets_an_error_and_goes_on(
    attack: Attack, grader: Grader
) -> None:
    with limits(grader, memory=LIMIT):
        after = attack(
            f"{BEGUN}blocks = []\n"
            "while len(blocks) < BOUND // 10**7: blocks.append(bytearray(b'x') * 10**7)\n"
            "# %%\nheld = len(blocks) * 10**7\ndel blocks\n"
        )

    assert after.errors == ["MemoryError"]
    assert after.values["held"] < LIMIT
    assert after.result.execution.status == "complete"


HIDING_PLACES = {
    "many processes": """
for _ in range(40):
    if os.fork() == 0:
        block = bytearray(b'x') * (BOUND // 40)
        time.sleep(50)
        os._exit(0)
    time.sleep(0.02)
""",
    "shared anonymous mapping": """
shared = mmap.mmap(-1, BOUND)
for start in range(0, BOUND, 1 << 24): shared[start:start + 4096] = b'x' * 4096
for start in range(0, BOUND - 4096, 4096): shared[start] = 1
""",
    "a mapping that only a child holds": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        block = mmap.mmap(-1, BOUND)
        for start in range(0, BOUND, 4096): block[start] = 1
        time.sleep(50)
    os._exit(0)
os.wait()
""",
    "files in /dev/shm": """
for number in range(BOUND // 10**8): open(f'/dev/shm/{number}', 'wb').write(bytes(10**8))
""",
    "files in /tmp": """
for number in range(BOUND // 10**8): open(f'/tmp/{number}', 'wb').write(bytes(10**8))
""",
    "files that are deleted and open": """
kept = []
for number in range(BOUND // 10**8):
    kept.append(open('one', 'wb')); kept[-1].write(bytes(10**8)); kept[-1].flush()
    os.unlink('one')
""",
    "nameless files": """
kept = os.open('.', os.O_TMPFILE | os.O_RDWR)
for _ in range(BOUND // 10**8): os.write(kept, bytes(10**8))
""",
    "memfd": """
libc.syscall.restype = ctypes.c_long
one = libc.syscall(319, b'hidden', 0)
for _ in range(0 if one < 0 else BOUND // 10**8): held += os.write(one, bytes(10**8))
""",
    "System V shared memory": """
ids = [libc.shmget(0, 10**8, 0o1600) for _ in range(BOUND // 10**8)]
libc.shmat.restype = ctypes.c_void_p
held = 10**8 * sum(one != -1 for one in ids)
for one in ids:
    if one != -1: ctypes.memset(libc.shmat(one, None, 0), 1, 10**8)
""",
    # 64 bytes a semaphore, in the kernel's own memory.
    "System V semaphores": """
ids = [libc.semget(0, 32000, 0o1600) for _ in range(BOUND // (32000 * 64))]
held = 32000 * 64 * sum(one != -1 for one in ids)
""",
    "System V messages": """
text = ctypes.create_string_buffer(8 + 8192); text[0] = 1
ids = [libc.msgget(0, 0o1600) for _ in range(30000)]
for one in ids:
    if one != -1: held += sum(8192 for _ in range(2) if not libc.msgsnd(one, text, 8192, 0o4000))
""",
    "buffers of sockets": """
kept = []
while held < BOUND and len(kept) < 900:
    try: pair = socket.socketpair()
    except OSError: break
    kept.append(pair)
    for one in pair:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        try:
            while held < BOUND: held += one.send(bytes(1 << 16))
        except OSError: pass
""",
    # 4 KB of tables for each 2 MB of addresses from which one byte is read.
    "page tables": """
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
size = BOUND // 4096 << 21
start = libc.mmap(None, size, 1, 0x4022, -1, 0)
if start not in (None, 2**64 - 1):
    import numpy as np
    libc.madvise(start, size, 15)
    area = (ctypes.c_ubyte * size).from_address(start)
    np.frombuffer(area, np.uint8)[:: 1 << 21].sum()
    held = BOUND
""",
    "pipes": """
kept = []
while held < BOUND and len(kept) < 900:
    try: pair = os.pipe()
    except OSError: break
    kept.append(pair)
    os.set_blocking(pair[1], False)
    try: fcntl.fcntl(pair[1], 1031, 1 << 20)
    except OSError: pass
    try:
        while held < BOUND: held += os.write(pair[1], bytes(1 << 16))
    except OSError: pass
""",
}


# Places of which less is to be had than any submission may hold.
REFUSED = {
    *("memfd", "System V shared memory", "System V semaphores", "System V messages"),
    *("buffers of sockets", "page tables", "pipes"),
}


def held_until_seen(place: str) -> str:
    """Code that keeps what is too much until the run is ended for it."""
    too_much = f"held >= {LIMIT}" if place in REFUSED else "True"
    return f"\nif {too_much}: time.sleep(50)\nthrough = 1"


@pytest.mark.parametrize(
    "place", with_exhaustive(HIDING_PLACES, {"files in /tmp", "nameless files"})
)
def test_memory_can_not_be_hidden(attack: Attack, grader: Grader, place: str) -> None:
    """Either it can't be had there at all, or it is counted like any other."""
    with limits(grader, memory=LIMIT):
        after = attack(f"{BEGUN}{HIDING_PLACES[place]}{held_until_seen(place)}")

    assert after.recording.data.outcomes[0].status == "ok"
    if after.ran.ended.how == "finished":
        held = after.values.get("held", 0)
        assert held < LIMIT, f"{held / 1e9:.1f} GB were held, and nobody has counted them"
        assert place in REFUSED
    else:
        assert (after.ran.ended.how, after.ran.ended.limit) == ("killed", "memory")
        assert "more than 1.2 GB of memory" in after.message


def test_memory_that_is_freed_again_costs_nothing(attack: Attack, grader: Grader) -> None:
    with limits(grader, memory=LIMIT):
        after = attack(
            "import time, numpy as np\n"
            "for _ in range(6):\n    block = np.ones(300_000_000, np.uint8)\n    del block\n"
            "began = time.monotonic()\nkept = 1"
        )

    assert after.result.execution.status == "complete"
    assert after.values["kept"] == 1
