"""Handing in again, or training again and again, until luck strikes.

Must stay true: the seed of a training comes from what is trained, so the same work gets the same
accuracy however it is spelled and however often it is handed in. Repetitions within a submission
have numbers, so they differ from each other, are all shown, and repeat as a whole.
"""

from __future__ import annotations

import pytest

from graders.grading import Grader
from tests.attacks.conftest import Aftermath, Attack
from tests.builders.attacks import ASK, LOAD, WITHIN_REACH, build, fit, judged
from tests.tiers import with_exhaustive

CELLS = [LOAD, build(), fit(), build(64), fit()]
BASE = "\n# %%\n".join(CELLS)
SPELLINGS = {
    "a comment": "# another try\n" + BASE + "\n# please\n",
    "other names": BASE.replace("model", "net_2").replace("history", "h"),
    "other text": BASE.replace("'relu'", '"re" + "lu"').replace("0.01", "1 / 100"),
    "reordered": "\n# %%\n".join([LOAD, build(64), fit(), build(), fit()]),
    "seeds": "import random, numpy as np, keras\nrandom.seed(5); np.random.seed(5)\n"
    "keras.utils.set_random_seed(5)\n# %%\n" + BASE,
    "layer names": BASE.replace("activation='relu'", "activation='relu', name=None").replace(
        "keras.Input((784,))", "keras.Input((784,), name='again')"
    ),
    "names of layers": BASE.replace(
        "keras.layers.Dense(10, activation='softmax')",
        "keras.layers.Dense(10, activation='softmax', name='lucky')",
    ),
    "verbosity": BASE.replace("verbose=0", "verbose=2"),
    "drawn before": BASE.replace(
        "# %%\n", "# %%\nkeras.random.normal((3,)); np.random.rand(7)\n", 1
    ),
}


def drawn(after: Aftermath) -> list[tuple[str, float | None]]:
    """Each training's name and accuracy, in any order."""
    return sorted((t.fingerprint, t.test_accuracy) for t in after.result.trainings)


# tests/training/test_fingerprint.py has each of them without a run.
ALIKE = {"a comment", "other text", "layer names", "verbosity"}


@pytest.mark.parametrize("how", with_exhaustive(SPELLINGS, ALIKE))
def test_the_same_work_handed_in_again_draws_nothing_new(
    attack: Attack, plain: Attack, how: str
) -> None:
    before = drawn(plain(BASE))

    after = attack(SPELLINGS[how])

    assert after.errors == []
    assert len(drawn(after)) == 2
    assert drawn(after) == before
    assert all(t.cached for t in after.result.trainings)


LOOP = LOAD + (
    "best = 0.0\nfor _ in range(3):\n"
    + "".join(f"    {line}\n" for line in (build() + fit()).splitlines())
    + "    best = max(best, history.history['val_accuracy'][-1])\n"
)


def test_a_loop_until_luck_strikes_is_shown_whole_and_repeats(
    attack: Attack, plain: Attack, grader: Grader
) -> None:
    """Of equal trainings the most accurate counts (docs/decisions.md), but nobody misses the rest.

    Three tries have three numbers, and so three seeds; handing the loop in again draws the same,
    and the first of them is the one that a single call gets.
    """
    after = attack(LOOP)

    tries = drawn(after)
    assert len({name for name, _ in tries}) == len(after.result.trainings) == 3
    assert drawn(attack(LOOP + "# again\n")) == tries
    single = drawn(plain(LOAD + build() + fit()))
    assert single[0] in tries
    result = judged(grader, after, {"small": WITHIN_REACH})
    (counted,) = [t for t in result.trainings if t.exercise == "1f"]
    assert counted.test_accuracy in {accuracy for _, accuracy in tries}


def test_training_on_in_a_loop_is_one_training_of_many_epochs(
    attack: Attack, grader: Grader
) -> None:
    """Stopping at the luckiest epoch is no shorter training than it was."""
    after = attack(LOAD + build() + "for _ in range(3):\n    " + fit(epochs=1))

    result = judged(grader, after, {"small": WITHIN_REACH})
    epochs = [t.epochs + t.epochs_before for t in after.recording.data.trainings]
    assert epochs == [1, 2, 3]
    assert len(result.trainings) == 3


def test_a_training_that_is_refused_does_not_use_up_a_number(attack: Attack, plain: Attack) -> None:
    """Else a student could draw until the seed is lucky, without ever showing a try."""
    failing = "x_test = x_test[:, :5]\n"
    whole = "full = x_test\n"
    after = attack(
        LOAD
        + whole
        + build()
        + failing
        + "for _ in range(3):\n    try: "
        + fit()
        + "    except Exception: pass\n"
        + "x_test = full\n"
        + build()
        + fit()
    )

    verified = [t for t in after.result.trainings if t.verified]
    assert [t.fingerprint for t in verified] == [
        t.fingerprint for t in plain(LOAD + build() + fit()).result.trainings
    ]


def test_a_try_that_is_never_carried_out_does_not_use_up_a_number(
    attack: Attack, plain: Attack
) -> None:
    """The request is sent by hand and its arrays never follow: no try is shown for it."""
    own = build(rate=0.0123)  # nobody has trained it yet, or each request were carried out
    after = attack(
        LOAD + own + ASK + "request, arrays = described(model, x=x_train, y=y_train, epochs=1, "
        "validation_data=(x_test, y_test))\n"
        "request['data']['x'][0]['shape'] = list(x_train.shape)\n"
        "for _ in range(3): say(event='train', request=request)\n" + fit()
    )

    assert after.errors == []
    assert drawn(after) == drawn(plain(LOAD + own + fit()))
