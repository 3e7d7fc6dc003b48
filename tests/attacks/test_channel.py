"""Talking to the grader over the runner's own channel, in place of the runner.

Must stay true: whatever comes over it, the grader neither crashes nor waits beyond the limits, and
nothing that is said there is worth a point.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graders.batch import Enrolled, Graded, grade_class
from graders.grading import Grader
from graders.progress import ClassProgress
from graders.result import Result
from graders.submission import Submission
from tests.attacks.conftest import HONEST, Attack, limits

SEIZE = f"""{HONEST}
# %%
import gc, json, os, socket, struct, time
from multiprocessing.connection import Connection
found = [int(n) for n in os.listdir('/proc/self/fd')
         if os.path.lexists(f'/proc/self/fd/{{n}}')
         and os.readlink(f'/proc/self/fd/{{n}}').startswith('socket:')]
others = [one.fileno() for one in gc.get_objects() if type(one) is Connection and not one.closed]
channel = found[0]
def put(content, fd=channel):
    while content: content = content[os.write(fd, content):]
def frame(content, length=None):
    put(struct.pack('!i', len(content) if length is None else length) + content)
def tell(**event): frame(json.dumps(event).encode())
def heard(seconds=2.0):
    one = socket.socket(fileno=os.dup(channel)); one.settimeout(seconds)
    try: return repr(one.recv(1 << 16))[:2000]
    except OSError as error: return type(error).__name__
# %%
"""
TRAIN = """
import keras, numpy as np
x = np.random.default_rng(7).random((64, 4)); y = np.arange(64) % 2
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile('sgd', keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, verbose=0)
"""
# Words like others that stay in the usual run.
EXHAUSTIVE = pytest.mark.exhaustive
# What the honest part is worth by itself.
GIVEN = [
    "test_1_dense.py::test_parameters_of_the_small_network",
    "test_2_convolutions.py::test_convolution[KxIA]",
]


def test_the_channel_can_be_found_but_nothing_else(attack: Attack) -> None:
    after = attack(f"{SEIZE}report = json.dumps([found, others])")

    found, others = after.report
    assert len(found) == 1
    assert found == others


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("put(os.urandom(1_000_000))", id="garbage"),
        pytest.param("put(struct.pack('!i', -1) + struct.pack('!Q', 2**63) + b'x')", id="endless"),
        pytest.param("put(struct.pack('!i', -2) + b'x' * 100)", id="below zero", marks=EXHAUSTIVE),
        pytest.param("put(struct.pack('!i', 2**31 - 1) + b'x')", id="giant", marks=EXHAUSTIVE),
        pytest.param("frame(b''); frame(b'{'); frame(b'\\xff\\xfe'); frame(b'null')", id="no JSON"),
        pytest.param("frame(b'[' * 3_000_000)", id="deep"),
        pytest.param("frame(b'{\"a\":' * 600_000 + b'1' + b'}' * 600_000)", id="deep and whole"),
        pytest.param("frame(b'1' * 3_999_999); frame(b'1e999'); frame(b'NaN')", id="numbers"),
        pytest.param("os.close(channel)", id="closed"),
        pytest.param("os.dup2(os.open('/dev/null', os.O_RDWR), channel)", id="exchanged"),
        pytest.param(
            "socket.socket(fileno=os.dup(channel)).shutdown(socket.SHUT_RD)",
            id="half closed",
            marks=EXHAUSTIVE,
        ),
        pytest.param(
            "for event in ('train', 'measure', 'arrays', ['train'], {}, None, 1e999, 'hello'):\n"
            "    for request in (None, [], 'x' * 10**6, {'network': {'layers': [{}] * 10**5}}):\n"
            "        tell(event=event, request=request, cell=-1, model='m' * 1000)\n"
            "heard()",
            id="absurd requests",
        ),
        pytest.param(
            "tell(layers=['all of them'], error=''); tell(layers=[], error='no walls')\n"
            "tell(how='finished', score=100); put(b'go'); frame(b'go')",
            id="a second hello",
        ),
    ],
)
def test_no_words_harm_the_grader_or_help_the_speaker(attack: Attack, words: str) -> None:
    after = attack(f"{SEIZE}{words}\n# %%\nreached = 1")

    assert after.ran.ended.how == "finished"
    assert after.result.execution.status == "complete"
    assert after.values["reached"] == 1
    assert "KxIA" in after.recording.data.arrays
    assert after.passed == GIVEN
    assert "all of them" not in str(after.ran.ended.isolation)
    assert after.ran.ended.seconds < 50


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("put(os.urandom(1_000_000))", id="garbage"),
        pytest.param("os.close(channel)", id="closed"),
        pytest.param(
            "tell(event='train', request={}); tell(event='arrays'); tell(event='train')",
            id="answers that nobody awaits",
            marks=EXHAUSTIVE,
        ),
    ],
)
def test_a_training_after_nonsense_takes_place_and_is_not_believed(
    attack: Attack, words: str
) -> None:
    after = attack(f"{SEIZE}{words}\n# %%\n{TRAIN}\nreached = 1")

    assert after.values["reached"] == 1
    assert after.result.execution.status == "complete"
    assert len(after.result.trainings) == 1
    assert not after.result.trainings[0].verified


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("put(struct.pack('!i', 1000) + b'half'); time.sleep(600)", id="half a frame"),
        pytest.param(
            "put(struct.pack('!i', 1000) + b'half')\nimport signal\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ntime.sleep(600)",
            id="half a frame, and deaf",
            marks=EXHAUSTIVE,
        ),
        pytest.param(
            "import threading\n"
            "def talk():\n    while True: tell(event='train', request={'x': 'y' * 10**6})\n"
            "threading.Thread(target=talk, daemon=True).start()\n"
            "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
            "time.sleep(600)",
            id="never reads an answer",
        ),
    ],
)
def test_nobody_waits_for_a_speaker_beyond_its_time(
    attack: Attack, grader: Grader, words: str
) -> None:
    with limits(grader, seconds=1, grace=1):
        after = attack(f"{SEIZE}{words}")

    assert after.result.execution.status == "timeout"
    assert after.ran.ended.seconds < 60
    assert after.recording.data.outcomes[0].status == "ok"


def test_a_flood_of_events_costs_the_speaker_alone(attack: Attack, grader: Grader) -> None:
    with limits(grader, seconds=120):
        after = attack(
            f'{SEIZE}event = b\'{{"event": "cell", "cell": 1, "of": 1}}\'\n'
            "block = (struct.pack('!i', len(event)) + event) * 1000\n"
            "sent = 0\n"
            "try:\n    for _ in range(1000): put(block); sent += 1000\n"
            "except OSError: pass\n"
            "# %%\nreached = 1"
        )

    assert after.result.execution.status == "complete"
    assert after.values["reached"] == 1
    assert after.values["sent"] < 10**6
    assert after.ran.ended.seconds < 120


def test_answers_to_forged_requests_hold_nothing_of_the_grader(attack: Attack) -> None:
    after = attack(
        f"{SEIZE}answers = []\n"
        "for request in ({'network': '../../etc/passwd'}, {'data': {'x': '/etc/shadow'}}, 7):\n"
        "    for event in ('train', 'measure', 'arrays'):\n"
        "        tell(event=event, request=request); answers.append(heard())\n"
        "report = json.dumps(answers)"
    )

    assert len(after.report) == 9
    assert all("refused" in answer for answer in after.report)
    own = str(Path(__file__).parents[2])
    assert not any(own in answer or "Traceback" in answer for answer in after.report)


class Screen(ClassProgress):
    """A terminal's bars, drawn to memory."""

    def __init__(self, students: int) -> None:
        self.written = io.StringIO()
        self.ended: list[str] = []
        self.told: set[str] = set()
        super().__init__(Console(file=self.written, force_terminal=True, width=100), students)

    def event(self, student: str, event: dict[str, Any]) -> None:
        super().event(student, event)
        if event.get("by") == "mallory":
            self.told.add(student)

    def end(self, student: str, result: Result) -> None:
        super().end(student, result)
        self.ended.append(student)


EVENTS = {
    "beyond all bars": "cell=k * 10**4000, of=1",
    "a whole without end": "cell=k, of=10**4000",
    "below zero": "cell=-k * 10**400, of=-1",
    "nothing of nothing": "cell=k, of=0",
    "epochs": "epoch=10**4000, of=10**4000",
    "markup": "cell='[bold', epoch='[/]', of='\\x1b]0;owned\\x07'",
    "other kinds": "cell=True, of=True, epoch=[1]",
}


@pytest.fixture(scope="module")
def shown(
    grader: Grader, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Screen, dict[str, Graded]]:
    """A class of which all but one say absurd things, in the middle of it honest work."""
    folder = tmp_path_factory.mktemp("shown")
    codes = {
        name: f"{SEIZE}for k in range(4): tell(event='cell', by='mallory', {event}); "
        "time.sleep(0.15)\n"
        for name, event in EVENTS.items()
    }
    codes["alice"] = f"{HONEST}\nimport time; time.sleep(0.3)"
    order = [*list(EVENTS)[:3], "alice", *list(EVENTS)[3:]]
    class_ = []
    for name in order:
        path = folder / f"{name.replace(' ', '_')}.py"
        path.write_text(codes[name], encoding="utf-8")
        class_.append(Submission(name, path))
    screen = Screen(len(class_))
    with screen.shown():
        outcomes = grade_class(grader, Enrolled(class_), folder / "out", workers=2, observer=screen)
    return screen, {one.student: one for one in outcomes.graded}


@pytest.mark.sandbox
@pytest.mark.parametrize("event", EVENTS)
def test_what_is_shown_of_a_run_harms_no_class(
    shown: tuple[Screen, dict[str, Graded]], event: str
) -> None:
    """The bars of a class show what runners say; honest work beside it is graded."""
    screen, graded = shown

    assert event in screen.told
    assert [graded[name].result.execution.status for name in (event, "alice")] == ["complete"] * 2
    assert "\x1b]0;" not in screen.written.getvalue()
    assert sorted(screen.ended) == sorted([*EVENTS, "alice"])
