"""The system calls that no notebook needs, refused by a filter in the kernel.

A list of what is denied, not of what is allowed: what TensorFlow and its libraries call changes
with every version, and the namespaces and Landlock hold without it. The filter takes away the
kernel's rarely used corners, where most of its own faults are found.

Numbers: the kernel's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import errno
import socket
import struct

from graders.sandbox import kernel

# Name: number on x86_64, number on aarch64 (None: it doesn't exist there).
_DENIED: dict[str, tuple[int | None, int | None]] = {
    # Looking into, or steering, other processes.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "process_madvise": (440, 440),
    # Other views of the machine.
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    # Memory that no limit counts.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "userfaultfd": (323, 282),
    # The kernel's own machinery.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "syslog": (103, 116),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "vhangup": (153, 58),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "nfsservctl": (180, 42),
}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_SOCKET = {"x86_64": 41, "aarch64": 198}
_SETSOCKOPT = {"x86_64": 54, "aarch64": 208}
# SO_SNDBUF, SO_RCVBUF and their forced kin: what a buffer holds, no limit counts.
_SOL_SOCKET, _BUFFERS = 1, (7, 8, 32, 33)
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# x86_64 has a second numbering of its calls behind this bit.
_X32 = 0x4000_0000
_NAMESPACES = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWCGROUP
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
)

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
# Offsets in the record that the kernel hands to a filter.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, (16, 24, 32)

# AF_UNIX serves multiprocessing; the others end in a network namespace without any network.
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6) if hasattr(socket, "AF_UNIX") else ()


def is_known() -> bool:
    """Whether the numbers of this architecture are listed here."""
    return kernel.machine() in _ARCHITECTURES


def restrict(*, network: bool, memory_files: bool) -> None:
    """Filter this process's system calls from now on; needs no_new_privs.

    Args:
        network: sockets of the internet may be made; they lead nowhere in an empty namespace.
        memory_files: memfd_create is allowed, which drivers of GPUs call.

    Raises:
        OSError: the kernel refuses.

    """
    kernel.filter_system_calls(program(kernel.machine(), network, memory_files))


def program(machine: str, network: bool, memory_files: bool) -> bytes:
    """Assemble the filter of an architecture."""
    column = 0 if machine == "x86_64" else 1
    denied = [
        numbers[column]
        for name, numbers in _DENIED.items()
        if not (memory_files and name == "memfd_create")
    ]
    code = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, _ARCHITECTURES[machine], then=1),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        code += [
            _instruction(_JUMP_GREATER_EQUAL, _X32, otherwise=1),
            _instruction(_RETURN, _ERRNO | errno.ENOSYS),
        ]
    for number in denied:
        if number is not None:
            code += _refuse(number, errno.EPERM)
    # Its flags stand in memory, where a filter can't look; the C library falls back on clone.
    code += _refuse(_CLONE3, errno.ENOSYS)
    code += [
        _instruction(_JUMP_EQUAL, _CLONE[machine], otherwise=4),
        _instruction(_LOAD, _ARGUMENTS[0]),
        _instruction(_JUMP_ANY_BIT, _NAMESPACES, otherwise=1),
        _instruction(_RETURN, _ERRNO | errno.EPERM),
        _instruction(_RETURN, _ALLOW),
    ]
    code += [
        _instruction(_JUMP_EQUAL, _SETSOCKOPT[machine], otherwise=len(_BUFFERS) + 5),
        _instruction(_LOAD, _ARGUMENTS[1]),
        _instruction(_JUMP_EQUAL, _SOL_SOCKET, otherwise=len(_BUFFERS) + 2),
        _instruction(_LOAD, _ARGUMENTS[2]),
        *(
            _instruction(_JUMP_EQUAL, option, then=len(_BUFFERS) - position)
            for position, option in enumerate(_BUFFERS)
        ),
        _instruction(_RETURN, _ALLOW),
        # As if it had been done: libraries ask for more and go on with what they get.
        _instruction(_RETURN, _ERRNO),
    ]
    families = _FAMILIES if network else _FAMILIES[:1]
    code += [
        _instruction(_JUMP_EQUAL, _SOCKET[machine], otherwise=len(families) + 2),
        _instruction(_LOAD, _ARGUMENTS[0]),
        *(
            _instruction(_JUMP_EQUAL, family, then=len(families) - position)
            for position, family in enumerate(families)
        ),
        _instruction(_RETURN, _ERRNO | errno.EAFNOSUPPORT),
        _instruction(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def _refuse(number: int, error: int) -> list[bytes]:
    return [
        _instruction(_JUMP_EQUAL, number, otherwise=1),
        _instruction(_RETURN, _ERRNO | error),
    ]


def _instruction(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
