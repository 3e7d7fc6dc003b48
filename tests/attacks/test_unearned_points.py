"""Points without the work: guesses in bulk, trainings of no epoch, weights that were brought along.

Must stay true: an exercise is passed by what it asks for. Several answers in one are no answer, a
training that trained nothing is none, and what a network learnt elsewhere was not learnt here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.grading import Grader
from graders.result import Outcome
from tests.attacks.conftest import Aftermath, Attack, checked_again, numbered, variant
from tests.builders.attacks import LOAD, WITHIN_REACH, build, fit, judged, outcome, passed
from tests.tiers import with_exhaustive

SMALL, WIDE, RATE = "parameters_of_the_small", "parameters_of_the_wide", "default_learning_rate"
GUESSES = {
    "several numbers": "'8060 8070 8080'",
    "or": "'8070 or 8060'",
    "or, the other way round": "'8060 or 8070'",
    "equations": "'8050 = 8060 = 8070 = 8080'",
    "many equations": "'=' + '='.join(str(n) for n in range(8000, 8140, 10))",
    "lines": "'8060\\n8070\\n8080'",
    "digits run together": "'8060,8070,8080'",
    "a range": "'8000-8100'",
    "a list": "[8060, 8070, 8080]",
    "an array": "np.array([8060, 8070, 8080])",
    "a dict": "{'a': 8060, 'b': 8070}",
    "a set": "{8060, 8070}",
    "not a number": "float('nan')",
    "infinity": "float('inf')",
    "truth": "True",
}


@pytest.fixture(scope="module")
def guesses(attack_of_all: Attack) -> Aftermath:
    """All guesses, each in a dict of its own."""
    return attack_of_all(
        "import numpy as np\n"
        + "".join(
            numbered(k, f"answers = {{'1d': {guess}}}\n", ["answers"])
            for k, guess in enumerate(GUESSES.values())
        )
    )


@pytest.mark.parametrize("how", GUESSES)
def test_several_answers_in_one_are_none(
    guesses: Aftermath, grader: Grader, tmp_path: Path, how: str
) -> None:
    one = variant(guesses, list(GUESSES).index(how), tmp_path / "out")
    after = checked_again(grader, one)

    assert any(name.startswith("answers") for name in one.recording.data.values)
    assert after.outcome(SMALL) is not Outcome.PASSED


def test_a_rate_is_not_hit_by_all_powers_of_ten(attack: Attack) -> None:
    after = attack("answers = {'1g': '0.1=0.01=0.001', '1h': '50,000 or 55,050'}\n")

    assert after.outcome(RATE) is not Outcome.PASSED
    assert after.outcome(WIDE) is not Outcome.PASSED


def test_a_calculation_with_its_result_is_an_answer(attack: Attack) -> None:
    """The honest neighbour of the guesses."""
    after = attack(
        "answers = {'1d': '784*10+10 + 10*10+10 + 10*10+10 = 8070', '1h': '55,050 parameters'}\n"
    )

    assert after.outcome(SMALL) is Outcome.PASSED
    assert after.outcome(WIDE) is Outcome.PASSED


def test_only_one_of_many_dicts_and_names_is_read(attack: Attack) -> None:
    after = attack(
        "answers = {'1d': 8060, '1D': 8070, '(1d)': 8080}\n"
        "results = {'1d': 8070}\nanswer_1d = 8070\nans1d = 8070\nAnswers = {'1d': 8070}\n"
    )

    assert after.outcome(SMALL) is Outcome.FAILED


def test_only_one_of_many_matrices_of_a_name_is_read(attack: Attack) -> None:
    """The right one stands under every other spelling of the name."""
    after = attack(
        "import numpy as np\n"
        "right = np.zeros((5, 5))\n"
        "KyIA = np.ones((5, 5))\nKYIA = K_y_I_A = kyia = right\n"
        "matrices = {'KyIA': right}\nall_ = [right, right]\n"
        "KxIB = np.stack([np.ones((5, 5)), right])\n"
    )

    matrices = {c.id[-5:-1]: c.outcome for c in after.result.checks if "test_convolution[" in c.id}
    assert matrices["KyIA"] is Outcome.FAILED
    assert matrices["KxIB"] is Outcome.FAILED


BOOTS = [
    "np.arange(500)",
    "np.ones(500, dtype=int)",
    "list(range(-500, 1000))",
    "[[i] for i in range(500)] * 2",
    "np.arange(500) + 0.4",
    "[]",
]


@pytest.fixture(scope="module")
def all_boots(attack_of_all: Attack) -> Aftermath:
    """One trained network, and all lists of its boots."""
    lists = "".join(numbered(k, f"boots = {boots}\n", ["boots"]) for k, boots in enumerate(BOOTS))
    return attack_of_all(LOAD + build() + fit(epochs=3) + lists + "first_wrong = 1e300\n")


@pytest.mark.parametrize("boots", BOOTS)
def test_a_list_of_everything_or_nothing_is_not_the_boots(
    all_boots: Aftermath, grader: Grader, tmp_path: Path, boots: str
) -> None:
    one = variant(all_boots, BOOTS.index(boots), tmp_path / "out")
    after = checked_again(grader, one)

    assert "boots" in one.recording.data.arrays
    assert after.errors == []
    assert after.outcome("predicted_boots") is Outcome.FAILED
    assert after.outcome("first_wrong_boot") is not Outcome.PASSED


@pytest.mark.parametrize("label", with_exhaustive([9, 0], [0]))
def test_a_network_that_calls_everything_the_same_shows_no_boots(
    attack: Attack, label: int
) -> None:
    """It was trained on one wrong label alone, so that its boots are known without a look."""
    boots, first = ("np.arange(500)", "np.flatnonzero(y_test != 9)[0]") if label else ("[]", "None")
    after = attack(
        LOAD
        + build()
        + f"model.fit(x_train, np.full(len(x_train), {label}), epochs=1, verbose=0)\n"
        + f"boots = {boots}\nfirst_wrong = {first}\n"
    )

    assert after.errors == []
    assert after.outcome("predicted_boots") is not Outcome.PASSED
    assert after.outcome("first_wrong_boot") is not Outcome.PASSED


@pytest.mark.parametrize(
    "nothing",
    with_exhaustive(["epochs=0", "initial_epoch=3, epochs=3"], ["initial_epoch=3, epochs=3"]),
)
def test_a_training_of_no_epoch_is_no_training(
    attack: Attack, grader: Grader, nothing: str
) -> None:
    empty = f"model.fit(x_train, y_train, validation_data=(x_test, y_test), {nothing})\n"
    after = attack(
        LOAD + build() + empty + build(rate=0.005) + empty + build(64) + empty + "last = 1\n"
    )

    result = judged(grader, after)
    assert outcome(result, "hidden_layers") is Outcome.PASSED  # it was built
    assert outcome(result, "slower_learning_rate") is not Outcome.PASSED
    assert outcome(result, "wide_network_is_trained") is not Outcome.PASSED
    assert outcome(result, "wide_network_is_better") is not Outcome.PASSED
    assert outcome(result, "three_epochs") is not Outcome.PASSED


def test_epochs_of_a_single_step_are_no_epochs(attack: Attack, grader: Grader) -> None:
    """The sheet asks for three passes through all images, not for three batches."""
    after = attack(LOAD + build() + fit(epochs=3, steps_per_epoch=1, batch_size=32))

    assert outcome(judged(grader, after), "three_epochs") is not Outcome.PASSED


def test_data_that_can_not_be_read_are_not_taken_for_the_right_ones(
    attack: Attack, grader: Grader
) -> None:
    """A generator of noise: nobody knows what was trained on, let alone 20,000 images of it."""
    after = attack(
        LOAD + build() + "def noise():\n"
        "    while True: yield np.random.rand(8, 784), np.random.randint(0, 10, 8)\n"
        "model.fit(noise(), steps_per_epoch=2, epochs=3, validation_data=(x_test, y_test))\n"
        + build(64)
        + "model.fit(noise(), steps_per_epoch=2, epochs=3, validation_data=(x_test, y_test))\n"
    )

    result = judged(grader, after)
    assert after.errors == []
    gained = passed(result) & {
        f"test_1_dense.py::{check}"
        for check in (
            "test_fewer_items",
            "test_three_epochs_with_the_test_set",
            "test_wide_network_is_trained",
        )
    }
    assert not gained, f"gained: {sorted(gained)}"


LEARN = """
for _ in range(300):
    i = np.random.randint(0, len(x_test), 64)
    model.train_on_batch(x_test[i], y_test[i])
weights = model.get_weights()
"""


def test_weights_that_were_brought_along_earn_no_accuracy(attack: Attack, grader: Grader) -> None:
    """As a text in the notebook, or from training steps on the test set that nobody followed."""
    after = attack(
        LOAD + build(rate=0.1) + LEARN + build() + "model.set_weights(weights)\n" + fit(epochs=3)
    )

    result = judged(grader, after, {"small": WITHIN_REACH})
    assert after.errors == []
    assert [t.verified for t in result.trainings] == [False]
    assert outcome(result, "accuracy_of_the_small") is not Outcome.PASSED


def test_a_network_made_of_parts_of_a_trained_one_is_no_fresh_one(
    attack: Attack, grader: Grader
) -> None:
    """All but ten biases come from a training of nine epochs on the test set."""
    after = attack(
        LOAD
        + build(rate=0.1)
        + "model.fit(x_test, y_test, epochs=9, verbose=0)\n"
        + "weights = model.get_weights()\n"
        + build()
        + "for k, value in enumerate(weights[:-1]): model.weights[k].assign(value)\n"
        + fit(epochs=3)
    )

    first, second = after.recording.data.trainings
    assert (first.epochs, second.epochs) == (9, 3)
    assert second.start == "transferred"
    assert second.epochs_before >= 9
    assert outcome(judged(grader, after), "three_epochs") is not Outcome.PASSED


def test_a_continued_training_counts_all_its_epochs(attack: Attack, grader: Grader) -> None:
    after = attack(LOAD + build() + fit(epochs=1) + fit(epochs=3))

    assert [t.epochs_before for t in after.recording.data.trainings] == [0, 1]
    assert outcome(judged(grader, after), "three_epochs") is not Outcome.PASSED


def test_a_network_on_the_test_set_alone_is_not_trained_on_the_training_set(
    attack: Attack, grader: Grader
) -> None:
    after = attack(LOAD + build() + fit(epochs=3).replace("x_train, y_train", "x_test, y_test"))

    assert outcome(judged(grader, after), "three_epochs") is Outcome.FAILED


@pytest.mark.parametrize(
    "x",
    [
        pytest.param("np.tile(x_train[:20], (100, 1)), np.tile(y_train[:20], 100)", id="copies"),
        pytest.param(
            "np.random.rand(2000, 784), np.random.randint(0, 10, 2000)",
            id="noise",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param("np.zeros((2000, 784)) + 0.7, y_train * 0", id="grey"),
    ],
)
def test_other_data_of_the_same_size_are_not_the_training_set(
    attack: Attack, grader: Grader, x: str
) -> None:
    after = attack(LOAD + f"x_train, y_train = {x}\n" + build() + fit(epochs=3))

    assert after.errors == []
    assert outcome(judged(grader, after), "three_epochs") is not Outcome.PASSED
