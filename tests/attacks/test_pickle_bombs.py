"""Pickles where arrays are expected, headers that lie, and values that bring code to be unpickled.

Must stay true: nothing that a submission leaves is unpickled or evaluated on our side, and a header
that promises more than its file holds costs no memory. What is damaged costs its own check alone.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graders.grading import Grader
from graders.recording.arrays import parse_array
from graders.result import Outcome
from graders.training.exchange import read_array
from graders.training.request import Array
from graders.training.state import State, describe_array
from graders.training.stock import Refused
from tests.attacks.conftest import Attack, Outside
from tests.builders.attacks import ASK, LOAD, RUNNER, build, judged, outcome, trained_by_us


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.canary),)


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def headed(header: str, body: bytes = b"\0" * 8, version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode("latin1") + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + body


def held_in_npz(array: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, array)
    return stream.getvalue()


HEADERS = {
    "code": "{'descr': __import__('os').mkdir('canary'), 'fortran_order': False, 'shape': (1,)}",
    "a call": "__import__('os').mkdir('canary')",
    "a huge shape": "{'descr': '<f8', 'fortran_order': False, 'shape': (10**15,)}",
    "a huge literal shape": "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,)}",
    "huge axes, one empty": "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2**62)}",
    "empty axes": "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4611686018427387904)}",
    "a shape to compute": "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296,) * 2}",
    "product that wraps to one": "{'descr': '<f8', 'fortran_order': False, "
    "'shape': (4294967296, 4294967296, 1)}",
    "a negative shape": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
    "a shape of truths": "{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}",
    "no shape": "{'descr': '<f8', 'fortran_order': False}",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "objects in fields": "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}",
    "fields": "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (1,)}",
    "texts": "{'descr': '<U2', 'fortran_order': False, 'shape': (1,)}",
    "a type of no bytes": "{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000,)}",
    "another byte order": "{'descr': '>f8', 'fortran_order': False, 'shape': (1,)}",
    "deep nesting": "(" * 9000,
    "a million axes": "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 9000 + ")}",
    "nothing": "",
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_forged_header_is_refused_and_not_evaluated(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    started = time.monotonic()

    for version in ((1, 0), (2, 0), (3, 0), (9, 9)):
        with pytest.raises(ValueError, match=r"^it(s| does| is)"):
            parse_array(headed(HEADERS[what], version=version))

    assert time.monotonic() - started < 20
    assert list(tmp_path.iterdir()) == []


def test_pickles_in_arrays_are_not_loaded(tmp_path: Path) -> None:
    bomb = Bomb(tmp_path / "canary")
    objects = np.array([bomb], dtype=object)
    nested = np.empty((2, 2), dtype=object)
    nested[:] = bomb
    contents = [npy(objects), npy(nested), pickle.dumps(bomb), held_in_npz(objects), b""]

    for content in contents:
        with pytest.raises(ValueError, match="it is not"):
            parse_array(content)
        with pytest.raises(Exception, match=r".") as caught:
            State.from_bytes(content)
        assert not isinstance(caught.value, MemoryError)

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileExistsError):  # the bomb is live: it would have gone off
        [pickle.loads(content) for content in [pickle.dumps(bomb)] * 2]


def test_a_pickle_in_the_exchange_is_not_what_was_announced(tmp_path: Path) -> None:
    bomb = Bomb(tmp_path / "canary")
    announced = describe_array(np.arange(16, dtype=np.float32))
    for content in (pickle.dumps(bomb).ljust(64, b".")[:64], npy(np.array([bomb]))):
        path = tmp_path / "array.f32"
        path.write_bytes(content)
        with pytest.raises(Refused, match="announced"):
            read_array(path, announced)
    assert not (tmp_path / "canary").exists()


def test_an_honest_array_is_read(tmp_path: Path) -> None:
    array = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(parse_array(npy(array)), array)
    with pytest.raises(Refused):
        read_array(tmp_path / "none", Array(digest="0" * 64, shape=[2**31] * 4))


BOMBS = """
import pickle
class Bomb:
    def __reduce__(self): return os.mkdir, ({place!r},)
def replaced(name, content):
    for path in the('Writer').folder.glob('*' + name + '*'): path.write_bytes(content)
"""
CONTENTS = """
import io
stream = io.BytesIO()
np.save(stream, np.array([Bomb()], dtype=object), allow_pickle=True)
bomb = stream.getvalue()
header = "{{'descr': __import__('os').mkdir({place!r}), 'shape': (5, 5)}}\\n"
header = header.replace('}}', ", 'fortran_order': False}}")
evaluated = b'\\x93NUMPY\\x01\\x00' + len(header).to_bytes(2, 'little') + header.encode()
huge = evaluated.replace(header.encode(), header.replace(header, "{{'descr': '<f8', "
    "'fortran_order': False, 'shape': (99999999999,)}}".ljust(len(header) - 1) + '\\n').encode())
type(the('Writer')).save = save
"""
SAVE = """
original = type(the('Writer')).save
def save(self):
    original(self)
    for name, content in (('KxIA', bomb), ('KyIA', pickle.dumps(Bomb())), ('KxIB', evaluated),
                          ('KyIB', huge), ('boots', bomb)):
        replaced(name, content)
"""


def test_bombs_in_the_recording_cost_their_own_checks_alone(
    attack: Attack, grader: Grader, outside: Outside
) -> None:
    place = str(outside.home / "canary")
    after = attack(
        "import os\nimport numpy as np\n"
        "KxIA, KyIA, KxIB, KyIB = (np.zeros((5, 5)) for _ in range(4))\n"
        "boots = np.arange(5)\nanswers = {'1d': 8070}\n"
        + RUNNER
        + BOMBS.format(place=place)
        + SAVE
        + CONTENTS.format(place=place)
    )

    result = judged(grader, after)
    matrices = [c.outcome for c in result.checks if "test_convolution[" in c.id]
    assert set(matrices) == {Outcome.ERROR}
    assert outcome(result, "parameters_of_the_small") is Outcome.PASSED
    assert not (outside.home / "canary").exists()


def test_a_pickle_in_the_exchange_trains_nothing(attack: Attack, outside: Outside) -> None:
    place = str(outside.home / "canary")
    after = attack(
        LOAD
        + build()
        + ASK
        + BOMBS.format(place=place)
        + "x_train, y_train = x_train[:64], y_train[:64]\n"
        "request, arrays = described(model, x=x_train, y=y_train, epochs=1)\n"
        "reply = say(event='train', request=request)\n"
        "hand_over(arrays, reply['need'])\n"
        "size = x_train.nbytes\n"
        "name = request['data']['x'][0]['digest'] + '.f32'\n"
        "(trusted.exchange / name).write_bytes(pickle.dumps(Bomb()).ljust(size, b'.'))\n"
        "report = json.dumps(say(event='arrays'))\n"
    )

    assert "announced" in after.report["refused"]
    assert trained_by_us(after) == []


def test_values_with_a_reduce_of_their_own_are_recorded_as_what_they_are(
    attack: Attack, outside: Outside
) -> None:
    after = attack(
        "import os\n"
        f"place = {str(outside.home / 'canary')!r}\n"
        "class Number(int):\n"
        "    def __reduce_ex__(self, protocol): return os.mkdir, (place,)\n"
        "    __reduce__ = __getstate__ = __deepcopy__ = __copy__ = __reduce_ex__\n"
        "class Other(list):\n"
        "    def __reduce_ex__(self, protocol): return os.mkdir, (place,)\n"
        "answers = {'1d': Number(8070)}\nbombs = Other([Number(1), Other()])\nlast = 1\n"
    )

    assert after.result.execution.status == "complete"
    assert after.values["last"] == 1
    assert after.outcome("parameters_of_the_small") is Outcome.PASSED
