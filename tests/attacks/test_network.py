"""Talking to anyone: TCP, UDP, DNS, IPv6, Unix sockets, netlink, vsock, raw packets.

Must stay true: nothing is heard outside, not even by listeners on this machine, and each attempt
fails at once instead of waiting for an answer.
"""

from __future__ import annotations

import contextlib
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.conftest import Attack

TRY = """
import json, os, socket, time
began = time.monotonic()
def tried(family, kind, address, protocol=0, datagram=b"hello"):
    try:
        with socket.socket(family, kind, protocol) as one:
            one.settimeout(20)
            if kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
                one.sendto(datagram, address)
                return "sent"
            one.connect(address)
            one.send(datagram)
            return "connected"
    except OSError as error:
        return type(error).__name__
STREAM, DATAGRAM, RAW = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
V4, V6, UNIX = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
"""


class Ears:
    """Listeners outside, and whether they have heard anything."""

    def __init__(self, folder: Path) -> None:
        self.tcp = self._bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.udp = self._bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self.path = str(folder / "ear")
        self.abstract = f"\0tensormark-{uuid.uuid4().hex}"
        self.named = self._bound(socket.AF_UNIX, socket.SOCK_STREAM, self.path)
        self.nameless = self._bound(socket.AF_UNIX, socket.SOCK_STREAM, self.abstract)
        Path(self.path).chmod(0o777)
        for one in (self.tcp, self.named, self.nameless):
            one.listen()

    @property
    def all(self) -> list[socket.socket]:
        return [self.tcp, self.udp, self.named, self.nameless]

    def heard(self) -> int:
        """Count the listeners that somebody has reached."""
        count = 0
        for one in self.all:
            with contextlib.suppress(BlockingIOError):
                if one is self.udp:
                    one.recv(100)
                else:
                    one.accept()[0].close()
                count += 1
        return count

    @staticmethod
    def _bound(family: int, kind: int, address: object) -> socket.socket:
        one = socket.socket(family, kind)
        one.bind(address)
        one.setblocking(False)
        return one


@pytest.fixture
def ears(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ears]:
    made = Ears(tmp_path_factory.mktemp("ears"))
    yield made
    for one in made.all:
        one.close()


def test_the_listeners_hear_whoever_is_not_kept_in(ears: Ears) -> None:
    """Else the silence below would prove nothing."""
    inside: dict[str, object] = {}
    exec(TRY, inside)
    tried = inside["tried"]
    tcp, udp = ears.tcp.getsockname(), ears.udp.getsockname()
    assert tried(socket.AF_INET, socket.SOCK_STREAM, tcp) == "connected"
    assert tried(socket.AF_INET, socket.SOCK_DGRAM, udp) == "sent"
    assert tried(socket.AF_UNIX, socket.SOCK_STREAM, ears.path) == "connected"
    assert tried(socket.AF_UNIX, socket.SOCK_STREAM, ears.abstract) == "connected"
    assert ears.heard() == 4


def test_no_listener_on_this_machine_is_reached(attack: Attack, ears: Ears) -> None:
    tcp, udp = ears.tcp.getsockname(), ears.udp.getsockname()
    question = b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x09localhost\0\0\1\0\1"
    after = attack(
        f"{TRY}\n"
        "report = json.dumps([\n"
        f"    tried(V4, STREAM, {tcp!r}),\n"
        f"    tried(V4, DATAGRAM, {udp!r}, 0, {question!r}),\n"
        f"    tried(V6, STREAM, ('::1', {tcp[1]})),\n"
        f"    tried(V6, STREAM, ('::ffff:127.0.0.1', {tcp[1]})),\n"
        f"    tried(UNIX, STREAM, {ears.path!r}),\n"
        f"    tried(UNIX, STREAM, {ears.abstract!r}),\n"
        "    tried(V4, STREAM, ('192.0.2.1', 80)),\n"
        "    tried(V4, DATAGRAM, ('192.0.2.1', 53)),\n"
        "    time.monotonic() - began,\n"
        "])"
    )

    *answers, seconds = after.report
    assert ears.heard() == 0
    assert not {"connected", "sent"} & set(answers)
    assert "TimeoutError" not in answers
    assert seconds < 20


def test_other_kinds_of_sockets_can_not_be_made(attack: Attack) -> None:
    after = attack(
        f"{TRY}\n"
        "def made(family, kind, protocol=0):\n"
        "    try:\n"
        "        socket.socket(family, kind, protocol).close()\n"
        "        return 'made'\n"
        "    except OSError as error:\n"
        "        return type(error).__name__\n"
        "families = ('AF_NETLINK', 'AF_VSOCK', 'AF_PACKET', 'AF_ALG', 'AF_BLUETOOTH', 'AF_CAN',\n"
        "            'AF_TIPC', 'AF_RDS', 'AF_QIPCRTR')\n"
        "report = json.dumps([made(getattr(socket, n), k) for n in families\n"
        "                     if hasattr(socket, n) for k in (STREAM, DATAGRAM, RAW)]\n"
        "                    + [made(V4, RAW, 1), made(V6, RAW, 58), made(V4, RAW, 255),\n"
        "                       made(44, RAW)])"
    )

    assert len(after.report) > 10
    assert set(after.report) <= {"OSError", "PermissionError"}


def test_no_device_but_a_loopback_that_is_down_is_there(attack: Attack) -> None:
    after = attack(
        f"{TRY}\nreport = json.dumps([[n for _, n in socket.if_nameindex()]\n"
        "    if tried(16, RAW, (0, 0)) == 'sent' else os.listdir('/proc/self/net/dev_snmp6'),\n"
        "    open('/proc/net/route').read().count('\\n')])"
    )

    devices, routes = after.report
    assert devices == ["lo"]
    assert routes <= 1


def test_a_server_of_its_own_is_heard_by_nobody(attack: Attack) -> None:
    """Unix sockets are for multiprocessing; what is bound inside stays inside."""
    name = f"tensormark-{uuid.uuid4().hex}"
    after = attack(
        f"{TRY}\nimport pathlib\n"
        f"one = socket.socket(UNIX, STREAM); one.bind('\\0{name}'); one.listen()\n"
        "two = socket.socket(UNIX, STREAM); two.bind('ear'); two.listen()\n"
        f"report = json.dumps([tried(UNIX, STREAM, '\\0{name}'), tried(UNIX, STREAM, 'ear')])"
    )

    assert after.report == ["connected", "connected"]
    with socket.socket(socket.AF_UNIX) as outside, pytest.raises(ConnectionRefusedError):
        outside.connect(f"\0{name}")
