"""Arrays that aren't what they were announced as, and data that carry their own answers.

Must stay true: what is trained on is what was hashed, so nothing can be exchanged in between; a
file that is no file tells and costs nothing; and an accuracy is that of a network on our own test
images, never on inputs in which a student has written the labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graders.describe.origin import KnownData
from graders.grading import Grader
from graders.result import Outcome
from tests.attacks.conftest import Attack, Outside
from tests.builders.attacks import (
    ASK,
    LOAD,
    WITHIN_REACH,
    build,
    fit,
    judged,
    outcome,
    trained_by_us,
)

LITTLE = "x_train, y_train = x_train[:64], y_train[:64]\n"


def asked(batch_size: int) -> str:
    """Code with a request at hand; another batch size is another training, not yet known."""
    return (
        LOAD
        + LITTLE
        + build()
        + ASK
        + "request, arrays = described(model, x=x_train, y=y_train, "
        + f"batch_size={batch_size})\n"
        + "x = request['data']['x'][0]['digest']\n"
        + "path = trusted.exchange / (x + '.f32')\n"
    )


def test_a_file_that_is_exchanged_before_it_is_read_is_refused(attack: Attack) -> None:
    after = attack(
        asked(11) + "need = say(event='train', request=request)['need']\n"
        "hand_over(arrays, need)\n"
        "np.zeros_like(x_train).tofile(path)\n"
        "report = json.dumps(say(event='arrays'))\n"
    )

    assert "announced" in after.report["refused"]
    assert trained_by_us(after) == []


def test_a_file_of_an_earlier_training_is_read_and_hashed_again(attack: Attack) -> None:
    after = attack(
        asked(12) + "need = say(event='train', request=request)['need']\n"
        "hand_over(arrays, need)\n"
        "first = say(event='arrays')\n"
        "np.zeros_like(x_train).tofile(path)\n"
        "request['fit']['batch_size'] = 7\n"
        "need = say(event='train', request=request)['need']\n"
        "report = json.dumps([need, say(event='arrays')])\n"
    )

    need, reply = after.report
    assert need == []
    assert "announced" in reply["refused"]
    assert len(trained_by_us(after)) == 1


def test_links_pipes_and_folders_are_no_arrays(attack: Attack, outside: Outside) -> None:
    after = attack(
        asked(13) + "import socket\nreplies = []\n"
        "copy = path.with_name('copy')\n"
        "x_train.tofile(copy)\n"
        "def bound():\n"
        "    socket.socket(socket.AF_UNIX).bind(str(path))\n"
        "for make in (lambda: path.symlink_to(copy), lambda: os.mkfifo(path), path.mkdir, bound,\n"
        "             lambda: path.symlink_to(path), lambda: path.symlink_to('/dev/zero')):\n"
        "    need = say(event='train', request=request)['need']\n"
        "    hand_over(arrays, [name for name in need if name != x])\n"
        "    make()\n"
        "    replies.append(say(event='arrays').get('refused', 'trained'))\n"
        "    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()\n"
        "report = json.dumps(replies)\n"
    )

    assert after.errors == []
    assert len(after.report) == 6
    assert all("announced" in why or "can't be read" in why for why in after.report)
    assert after.seconds < 50


def test_links_do_not_tell_which_files_the_machine_has(attack: Attack, outside: Outside) -> None:
    """What is missing is told; a link to a file of ours must not look like a file that is there."""
    there, missing = outside.home / "solution.py", outside.home / "never.py"
    after = attack(
        asked(14) + "told = []\n"
        f"for target in ({str(there)!r}, {str(missing)!r}):\n"
        "    path.symlink_to(target)\n"
        "    told.append(x in say(event='train', request=request)['need'])\n"
        "    path.unlink()\n"
        "report = json.dumps(told)\n"
    )

    assert there.is_file()
    there_told, missing_told = after.report
    assert there_told == missing_told


def test_one_content_in_two_sizes_is_refused(attack: Attack) -> None:
    after = attack(
        asked(15) + "request['data']['y'][0] = {'digest': x, 'shape': [64]}\n"
        "report = json.dumps(say(event='train', request=request))\n"
    )

    assert "two sizes" in after.report["refused"]


def test_an_array_that_changes_during_the_call_is_trained_as_it_was_hashed(attack: Attack) -> None:
    """Whichever moment was caught: the facts are of one content, or there are none."""
    after = attack(
        LOAD
        + "x_train, y_train = x_train[:500], y_train[:500]\n"
        + build()
        + "import threading\ngo_on = True\n"
        "def change():\n"
        "    while go_on: x_train[:] = x_train[::-1].copy(); y_train[:] = y_train[::-1].copy()\n"
        "threading.Thread(target=change, daemon=True).start()\n" + fit() + "go_on = False\n"
    )

    assert after.result.execution.status == "complete"
    for one in trained_by_us(after):
        assert one.entry.data.x is not None
        assert one.entry.measured.get("test_accuracy", 0.0) < 0.9
    assert len(after.result.trainings) == 1


SHAPES = """
class Turning(np.ndarray):
    count = 0
    @property
    def shape(self):
        Turning.count += 1
        return (64, 784) if Turning.count % 2 else (784, 64)
    @property
    def dtype(self): return np.dtype('uint8')
x_train = x_train.view(Turning)
"""


def test_an_array_whose_shape_changes_stops_no_run(attack: Attack) -> None:
    after = attack(LOAD + LITTLE + build() + SHAPES + fit() + "\nlast = 1\n")

    assert after.result.execution.status == "complete"
    assert after.values["last"] == 1
    assert not any(t.verified and (t.test_accuracy or 0) > 0.9 for t in after.result.trainings)


PAINT = """
def painted(x, y):
    x = np.zeros_like(x)
    x[np.arange(len(x)), y] = 1.0
    return x
x_train, x_test = painted(x_train, y_train), painted(x_test, y_test)
"""


def test_labels_painted_into_the_images_earn_no_accuracy(attack: Attack, grader: Grader) -> None:
    """The network sees no image at all, in training and in validation: it reads the label."""
    after = attack(LOAD + PAINT + build(rate=0.3) + fit(epochs=3))

    result = judged(grader, after, {"small": WITHIN_REACH})
    assert after.errors == []
    assert outcome(result, "accuracy_of_the_small") is not Outcome.PASSED
    assert all((t.test_accuracy or 0.0) < 0.5 for t in result.trainings)


LEARN_THE_TEST = """
order = np.random.default_rng(1).permutation(784)
by_label = [np.flatnonzero(y_test == k) for k in range(10)]
taken = np.array([by_label[k][i % len(by_label[k])] for i, k in enumerate(y_train)])
x_train, x_test = x_test[taken][:, order], x_test[:, order]
"""


def test_test_images_in_another_guise_earn_no_accuracy(attack: Attack, grader: Grader) -> None:
    """Their pixels are shuffled, and they stand in the order of the training labels."""
    after = attack(LOAD + LEARN_THE_TEST + build() + fit(epochs=3))

    assert after.errors == []
    assert len(trained_by_us(after)) == 1
    result = judged(grader, after, {"small": WITHIN_REACH})
    assert outcome(result, "accuracy_of_the_small") is not Outcome.PASSED


@pytest.fixture(scope="module")
def known(small_data: Any) -> KnownData:
    return KnownData.read(small_data / "fashion_mnist.npz", "fashion_mnist")


def test_images_of_the_right_sums_are_not_taken_for_the_training_images(known: KnownData) -> None:
    """Each item is told by one weighted sum, which a brightness of its own can bring about."""
    train, test = (known.splits[half] for half in ("train", "test"))
    flat = train.images.reshape(len(train.images), -1).astype(np.float64)
    others = test.images.reshape(len(test.images), -1).astype(np.float64)
    weights = np.random.default_rng(20).integers(1, 2**20, flat.shape[1]).astype(np.float64)
    forged = others[np.arange(len(flat)) % len(others)]
    forged += ((flat - forged) @ weights / weights.sum())[:, None]
    kept = np.unique(np.linspace(0, len(flat) - 1, 8).astype(int))
    forged[kept] = flat[kept]

    found = known.find(forged)

    assert known.find(flat) is not None
    assert found is None or found[0].split != "train"
