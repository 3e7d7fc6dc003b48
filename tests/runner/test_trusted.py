"""Submissions whose trainings the grading process carries out: real processes, real Keras."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from graders.checks import attempts_of
from graders.training.limits import Limits
from graders.training.request import Cap
from graders.training.trainer import setting_for
from tests.builders.parts import Parts

pytestmark = pytest.mark.sandbox

NET = """
import keras, numpy as np
from keras import layers as L
rng = np.random.default_rng(0)
x = rng.normal(size=(320, 6)); y = (x.sum(1) > 0).astype(int)
def net(optimizer="adam", **kwargs):
    m = keras.Sequential([keras.Input((6,)), L.Dense(8, "relu"), L.Dense(2, "softmax")])
    m.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return m
"""
NETS = Parts(NET)
DATA = """
import keras
(x, y), (xt, yt) = keras.datasets.fashion_mnist.load_data()
x, xt = x.reshape(-1, 784) / 255, xt.reshape(-1, 784) / 255
m = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
m.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
"""
# The same with a network for each piece.
SETS = Parts(
    DATA
    + """
import numpy as np
class Mine(keras.callbacks.Callback): pass
def soft():
    m = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
    m.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return m
"""
)


def values(recording):
    return recording.data.values


STOCK = SETS.add("h = soft().fit(x, y, epochs=2, validation_data=(xt, yt))")


def test_a_stock_training_is_carried_out_by_the_grader(part_of):
    part = part_of(STOCK)
    (training,) = part.trainings
    assert training.verified
    assert training.trained == "trusted"
    assert training.note == ""
    assert part.recording.predictions(training).shape == (500,)


MEASURED = SETS.add(
    "m = soft(); h = m.fit(x, y, epochs=2)\nshare = float((m.predict(xt).argmax(1) == yt).mean())"
)


def test_the_accuracy_is_measured_on_the_graders_own_test_data(part_of):
    part = part_of(MEASURED)
    (training,) = part.trainings
    assert training.measured["test_accuracy"] == pytest.approx(part.values["share"])


GOING_ON = NETS.add(
    """
m = net()
before = m.get_weights()[0].copy()
h = m.fit(x, y, epochs=3, validation_split=0.25, batch_size=20, verbose=2)
steps = int(m.optimizer.iterations)
moved = bool(np.abs(m.get_weights()[0] - before).max() > 0)
keys, lengths = " ".join(sorted(h.history)), str([len(v) for v in h.history.values()])
same = h is m.history and h.epoch == [0, 1, 2] and h.params["epochs"] == 3
scored = m.evaluate(x[240:], y[240:], verbose=0)
close = abs(scored[0] - h.history["val_loss"][-1]) < 1e-5
"""
)


def test_the_notebook_goes_on_as_if_it_had_trained_itself(part_of):
    part = part_of(GOING_ON)
    found = part.values
    assert found["steps"] == 3 * 12
    assert found["keys"] == "accuracy loss val_accuracy val_loss"
    assert found["lengths"] == "[3, 3, 3, 3]"
    assert (found["moved"], found["same"], found["close"]) == (True, True, True)
    assert "Epoch 3/3" in part.outcomes[-1].output
    assert "val_accuracy" in part.outcomes[-1].output


def test_an_equal_training_of_another_submission_is_reused(training_anew):
    first = training_anew.run(NET + "h = net().fit(x, y)").data.trainings[0]
    second = training_anew.run(
        NET + "i = keras.Input((6,), name='z'); o = L.Dense(2, activation='softmax')(\n"
        "    L.Dense(8, activation='relu')(i)); other = keras.Model(i, o)\n"
        "other.compile(optimizer=keras.optimizers.Adam(), metrics=['acc'],\n"
        "    loss=keras.losses.SparseCategoricalCrossentropy())\n"
        "h = other.fit(x.astype('float32'), y.astype('uint8'), verbose=0)"
    ).data.trainings[0]
    assert (first.reused, second.reused) == (False, True)
    assert first.fingerprint == second.fingerprint
    assert first.history == second.history


NAMED_METRICS = NETS.add(
    """
m = net()
off, rmse = keras.metrics.MeanAbsoluteError(name="off"), keras.metrics.RootMeanSquaredError()
m.compile(optimizer="sgd", loss="mse", metrics=[off, rmse])
h = m.fit(x, np.eye(2)[y], verbose=0, validation_data=(x, np.eye(2)[y]))
keys = " ".join(h.history)
"""
)


def test_metrics_keep_the_names_that_the_student_gave_them(part_of):
    part = part_of(NAMED_METRICS)
    assert part.values["keys"] == (
        "loss off root_mean_squared_error val_loss val_off val_root_mean_squared_error"
    )
    assert part.trainings[0].verified


LOOP = NETS.add(
    """
m = net()
for _ in range(3):
    m.fit(x, y, epochs=1, verbose=0)
steps = int(m.optimizer.iterations)
"""
)


def test_a_loop_of_single_epochs_continues_one_training(part_of):
    part = part_of(LOOP)
    assert part.values["steps"] == 30
    assert [t.epochs_before for t in part.trainings] == [0, 1, 2]
    assert [t.start for t in part.trainings] == ["fresh", "continued", "continued"]


def test_a_repetition_with_a_new_network_varies(trusting):
    code = NET + "a, b = (net().fit(x, y, verbose=0).history['loss'][0] for _ in range(2))"
    found = values(trusting.run(code))
    assert found["a"] != found["b"]
    assert values(trusting.run(code)) == found


SAVED = NETS.add(
    """
m = net(); m.fit(x, y, verbose=0); m.save("m.keras")
again = keras.models.load_model("m.keras")
again.fit(x, y, verbose=0)
steps = int(again.optimizer.iterations)
"""
)


def test_a_saved_and_loaded_network_goes_on_where_it_was(part_of):
    part = part_of(SAVED)
    assert part.values["steps"] == 20
    assert [t.start for t in part.trainings] == ["fresh", "continued"]


KNOWN_SCORES = NETS.add(
    """
m = net()
h = m.fit(x, y, epochs=2, validation_data=(x[:99], y[:99]), verbose=0)
known = m.evaluate(x[:99], y[:99])
fresh = m.evaluate(x[:99].copy()[::-1], y[:99][::-1], verbose=0)
same = bool(np.allclose(known, fresh, atol=1e-5))
both = m.evaluate(x[:99], y[:99], verbose=0, return_dict=True)
equal = list(both) == ["accuracy", "loss"] and abs(both["loss"] - fresh[0]) < 1e-5
"""
)


def test_the_scores_of_the_validation_data_are_known_after_a_fit(part_of):
    part = part_of(KNOWN_SCORES)
    assert part.values["same"] is True
    assert part.values["equal"] is True
    assert "4/4" in part.outcomes[-1].output
    assert [call.kind for call in part.calls] == ["evaluate"] * 3


CHANGES = {
    change: NETS.add(
        f"""
m = net()
h = m.fit(x, y, validation_data=(x, y), verbose=0)
before = h.history["val_loss"][-1]
{change}
after = m.evaluate(x, y if m.loss != "mse" else np.eye(2)[y], verbose=0)
after = float(after if np.isscalar(after) else after[0])
"""
    )
    for change in (
        "m.set_weights([w * 0 for w in m.get_weights()])",
        "m.compile(optimizer='sgd', loss='mse', metrics=['mae'])",
        "x = x + 1",
        "y = 1 - y",
    )
}


@pytest.mark.parametrize("change", CHANGES)
def test_scores_are_computed_anew_where_anything_has_changed(part_of, change):
    found = part_of(CHANGES[change]).values
    assert abs(found["after"] - found["before"]) > 1e-4


BROUGHT = NETS.add("m = net(); m.set_weights([w + 1 for w in m.get_weights()]); m.fit(x, y)")


def test_weights_that_were_brought_along_are_not_verified(part_of):
    (training,) = part_of(BROUGHT).trainings
    assert training.start == "given"
    assert not training.verified
    assert "not trained in this submission" in training.note


FROZEN = NETS.add(
    """
base = net(); base.fit(x, y, verbose=0)
base.layers[0].trainable = False
kept = base.layers[0].get_weights()[0].copy()
top = keras.Sequential([keras.Input((6,)), base.layers[0], L.Dense(2, "softmax")])
top.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
top.fit(x, y, verbose=0)
same = bool((kept == base.layers[0].get_weights()[0]).all())
"""
)


def test_frozen_layers_stay_as_they_are(part_of):
    part = part_of(FROZEN)
    assert part.values["same"] is True
    assert part.trainings[1].start == "transferred"


STOPPING = NETS.add(
    """
m = net()
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, min_delta=0.05,
                                     restore_best_weights=True)
h = m.fit(x, y, epochs=40, validation_split=0.25, callbacks=[stop], verbose=0)
epochs, stopped, best = len(h.epoch), m.stop_training, min(h.history["val_loss"])
score = m.evaluate(x[240:], y[240:], verbose=0)[0]
wanted = h.history["val_loss"][stop.best_epoch]
"""
)


def test_early_stopping_restores_the_best_weights(part_of):
    found = part_of(STOPPING).values
    assert found["epochs"] < 40
    assert found["stopped"] is True
    assert found["score"] == pytest.approx(found["wanted"], abs=1e-5)


SCHEDULE = NETS.add(
    """
m = net("sgd")
halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
h = m.fit(x, y, epochs=3, callbacks=[halve], verbose=0)
first, *_, last = h.history["learning_rate"]
rate = float(m.optimizer.learning_rate)
"""
)


def test_a_schedule_of_the_learning_rate_is_asked_ahead(part_of):
    part = part_of(SCHEDULE)
    found = part.values
    assert [found["first"], found["last"]] == pytest.approx([0.005, 0.00125])
    assert found["rate"] == pytest.approx(0.00125)
    assert part.trainings[0].verified


INEXPRESSIBLE = {
    code: (NETS.add(code), why)
    for code, why in [
        (
            "class Mine(keras.callbacks.Callback): pass\n"
            "net().fit(x, y, callbacks=[Mine()], verbose=0)",
            "the callback Mine is the student's own",
        ),
        (
            "m = net(); m.compile(optimizer='sgd', loss=lambda t, p: (p[:, 0] - t) ** 2)\n"
            "m.fit(x, y, verbose=0)",
            "the loss is a function of the student's own (<lambda>)",
        ),
        (
            "class Own(L.Layer):\n    def call(self, t): return t * 2\n"
            "m = keras.Sequential([keras.Input((6,)), Own(), L.Dense(2, 'softmax')])\n"
            "m.compile(optimizer='sgd', loss='sparse_categorical_crossentropy')\n"
            "m.fit(x, y, verbose=0)",
            "the layer Own is not one of Keras' own",
        ),
        (
            "class Sub(keras.Model):\n"
            "    def __init__(self):\n        super().__init__(); self.d = L.Dense(2)\n"
            "    def call(self, t): return self.d(t)\n"
            "m = Sub(); m.compile(optimizer='sgd', loss='mse')\n"
            "m.fit(x, np.eye(2)[y], verbose=0)",
            "the network is a class of the student's own (Sub)",
        ),
        (
            "import tensorflow as tf\n"
            "net().fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(8), verbose=0)",
            "the inputs come from a tf.data pipeline, not from arrays",
        ),
        (
            "m = keras.Sequential([keras.Input((6,)), L.Lambda(lambda t: t), L.Dense(2)])\n"
            "m.compile(optimizer='sgd', loss='mse'); m.fit(x, np.eye(2)[y], verbose=0)",
            "the layer Lambda is not one of Keras' own",
        ),
    ]
}


@pytest.mark.parametrize("code", INEXPRESSIBLE)
def test_what_cannot_be_expressed_is_trained_in_the_runner(part_of, code):
    piece, why = INEXPRESSIBLE[code]
    (training,) = part_of(piece).trainings
    assert (training.trained, training.verified, training.status) == ("here", False, "ok")
    assert why in training.note


BY_DATA = """
m = keras.Sequential([L.Dense(8, "relu"), L.Dense(2, "softmax")])
m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
"""


HONEST = {
    code: NETS.add(code + "\nm.fit(x, y, verbose=0)")
    for code in [
        "i = keras.Input((6,)); h = keras.activations.relu(L.Dense(8)(i / 2.0))\n"
        "m = keras.Model(i, keras.ops.softmax(L.Dense(2)(h)))\n"
        "m.compile(optimizer='adam', loss='sparse_categorical_crossentropy')",
        BY_DATA + "m.predict(x[:2], verbose=0)",
        BY_DATA + "m.evaluate(x, y, verbose=0)",
        "a, m = net(), net(); m.set_weights(a.get_weights())",
        "net().save('s.keras'); m = keras.models.load_model('s.keras')",
        "class Own(keras.Sequential):\n"
        "    def __init__(self, n):\n"
        "        super().__init__([keras.Input((6,)), L.Dense(n, 'relu'), L.Dense(2, 'softmax')])\n"
        "m = Own(8); m.compile('adam', 'sparse_categorical_crossentropy', metrics=['acc'])",
        "class Own(keras.Model):\n"
        "    def __init__(self, n):\n"
        "        i = keras.Input((6,))\n"
        "        super().__init__(i, L.Dense(2, 'softmax')(L.Dense(n, 'relu')(i)))\n"
        "m = Own(8); m.compile('adam', 'sparse_categorical_crossentropy', metrics=['acc'])",
    ]
}


@pytest.mark.parametrize("code", HONEST)
def test_networks_that_honest_students_write_are_trained_by_the_grader(part_of, code):
    part = part_of(HONEST[code])
    assert part.outcomes[-1].status == "ok"
    (training,) = part.trainings
    assert (training.trained, training.start, training.note) == ("trusted", "fresh", "")


ODD = NETS.add(
    """
class Odd(str):
    def lower(self): raise RuntimeError("odd")
m = net()
m._compile_metrics._user_metrics = [Odd("accuracy")]
m.fit(x, y, verbose=0)
"""
)


def test_what_breaks_while_it_is_described_is_trained_in_the_runner(part_of):
    part = part_of(ODD)
    assert part.outcomes[-1].status == "ok"
    (training,) = part.trainings
    assert (training.trained, training.status) == ("here", "ok")
    assert "it can't be described (RuntimeError)" in training.note


MINE = """
class Mine(keras.callbacks.Callback): pass
"""
SHARE = """
classes = m.predict(xt, verbose=0).argmax(1)
share = float((classes == yt).mean())
"""


OWN_WAYS = {
    way: (SETS.add(f"m = soft()\n{code}\n{SHARE}part_classes_{number} = classes"), why, number)
    for number, (way, code, why) in enumerate(
        [
            (
                "callback",
                "m.fit(x, y, epochs=2, callbacks=[Mine()], verbose=0)",
                "the callback Mine",
            ),
            (
                "tf.data",
                "import tensorflow as tf\n"
                "items = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(2000).batch(64)\n"
                "m.fit(items, verbose=0)",
                "a tf.data pipeline",
            ),
            (
                "generator",
                "def endless():\n"
                "    while True:\n        yield x[:100], y[:100]\n"
                "m.fit(endless(), steps_per_epoch=9, validation_data=(xt, yt), verbose=0)",
                "a generator",
            ),
        ]
    )
}


@pytest.mark.parametrize("way", OWN_WAYS)
def test_what_is_trained_in_the_runner_is_measured_by_the_grader(part_of, way):
    piece, why, number = OWN_WAYS[way]
    part = part_of(piece)
    (training,) = part.trainings
    (attempt,) = attempts_in(part)
    assert (training.trained, training.verified) == ("here", False)
    assert why in training.note
    assert "not measured" not in training.note
    assert attempt.test_accuracy == pytest.approx(part.values["share"])
    classes = part.recording.array(f"part_classes_{number}")
    assert attempt.predicted.tolist() == classes.tolist()
    assert attempt.network.parameters == 7850
    assert attempt.compiled.optimizer == "SGD"


def attempts_in(part) -> list[Any]:
    """Attempts of one piece."""
    found = attempts_of(part.recording)
    return [one for one in found if one.training and one.training.cell in part.cells]


UNMEASURED = {
    what: (SETS.add(code), why)
    for what, code, why in [
        (
            "layer",
            "class Own(keras.layers.Layer):\n    def call(self, t): return t * 2\n"
            "m = keras.Sequential([keras.Input((784,)), Own(), keras.layers.Dense(10)])\n"
            "m.compile('sgd', 'mse'); m.fit(x, np.eye(10)[y], verbose=0)",
            "the layer Own is not one of Keras' own",
        ),
        (
            "form",
            "x = x ** 2\nsoft().fit(x, y, callbacks=[Mine()], verbose=0)",
            "the callback Mine is the student's own; not measured: it can't be told how",
        ),
    ]
}


@pytest.mark.parametrize("what", UNMEASURED)
def test_what_cannot_be_measured_has_no_accuracy_and_says_why(part_of, what):
    piece, why = UNMEASURED[what]
    part = part_of(piece)
    (training,) = part.trainings
    (attempt,) = attempts_in(part)
    assert why in training.note
    assert (attempt.test_accuracy, attempt.predicted) == (None, None)


def test_a_network_over_the_limits_is_not_measured_and_the_notebook_goes_on(trusting):
    trusting.trainer.limits = Limits(parameters=7000)
    recording = trusting.run(DATA + MINE + "m.fit(x, y, callbacks=[Mine()], verbose=0)\ndone = 1")
    (training,) = recording.data.trainings
    assert values(recording)["done"] == 1
    assert (training.status, training.measured_by) == ("ok", "")
    assert "not measured: The network has more than 7,000 parameters" in training.note


def test_a_forged_measurement_is_worth_nothing(trusting):
    code = (
        DATA
        + MINE
        + """
import gc
from graders.recording.schema import Recording
m.fit(x, y, callbacks=[Mine()], verbose=0)
own = next(r for r in gc.get_objects() if isinstance(r, Recording) and r.trainings)
true = own.trainings[0]
true.measured, true.measured_by = {"test_accuracy": 0.99}, "grader"
forged = true.model_copy(deep=True, update={"id": 1, "network": 1})
own.networks.append(own.networks[0].model_copy(deep=True, update={"id": 1, "model": 2}))
own.trainings.append(forged)
"""
    )
    recording = trusting.run(code)
    first, second = attempts_of(recording)
    assert first.test_accuracy < 0.99
    assert second.test_accuracy is None


def test_a_training_beyond_the_limits_is_an_error_that_says_so(trusting):
    trusting.trainer.limits = Limits(epochs=2)
    recording = trusting.run(NET + "net().fit(x, y, epochs=3, verbose=0)")
    outcome = recording.data.outcomes[-1]
    assert outcome.error_type == "TrainingLimitError"
    assert outcome.error_message == (
        "fit() was asked for 3 epochs, and the limit of this assignment is 2. Use fewer epochs."
    )
    assert recording.data.trainings[0].status == "refused"


def test_the_work_of_a_submission_is_bounded_whether_it_was_reused_or_not(trusting):
    code = NET + "for k in (1, 2, 3):\n    net().fit(x, y, epochs=k, verbose=0)"
    trusting.run(code)
    trusting.trainer.limits = Limits(operations=3.5 * 320 * 88)
    again = trusting.run(code)
    assert [t.reused for t in again.data.trainings if t.verified] == [True, True]
    assert again.data.trainings[-1].status == "refused"


MISTAKE = NETS.add("net().fit(x, y[:10], verbose=0)")


def test_a_students_mistake_is_said_in_the_words_of_keras(part_of):
    outcome = part_of(MISTAKE).outcomes[-1]
    assert outcome.error_type == "ValueError"
    assert "same number of samples" in outcome.error_message


def test_waiting_for_the_trainer_does_not_cost_the_student_time(trusting, monkeypatch):
    train, seconds = trusting.trainer.find, 12.0

    def slowly(name):
        time.sleep(1.1 * seconds)
        return train(name)

    monkeypatch.setattr(trusting.trainer, "find", slowly)
    recording = trusting.run(NET + "net().fit(x, y, verbose=0)\ndone = 1", seconds=seconds)
    assert values(recording).get("done") == 1
    assert recording.data.status == "complete"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors on Linux")
def test_runs_leave_no_descriptor_open(trusting):
    trusting.run(NET + "net().fit(x, y, verbose=0)")  # starts the server
    before = len(list(Path("/proc/self/fd").iterdir()))
    for ending in ("", "import os; os._exit(0)", "raise SystemExit"):
        trusting.run(NET + f"net().fit(x, y, verbose=0)\n{ending}")
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_message_that_is_too_long_ends_the_talk_and_not_the_run(trusting):
    code = (
        NET
        + """
import gc
from graders.runner.trusted import TrustedTrainer
trainer = next(o for o in gc.get_objects() if isinstance(o, TrustedTrainer))
try:
    trainer.channel.send_bytes(b"x" * 5_000_000)
except OSError:
    pass
net().fit(x, y, verbose=0)
done = 1
"""
    )
    recording = trusting.run(code)
    assert values(recording)["done"] == 1
    assert recording.data.trainings[0].note.startswith("the grading process didn't answer")


def test_a_killed_run_keeps_what_was_trained(trusting):
    code = NET + "net().fit(x, y, verbose=0)\nimport os; os._exit(3)"
    recording = trusting.run(code)
    assert trusting.ended.how == "died"
    (training,) = recording.data.trainings
    assert training.verified
    assert recording.data.networks[training.network].parameters == 74


def test_a_forged_recording_cannot_claim_an_accuracy(trusting):
    code = (
        DATA
        + """
import gc
from graders.recording.schema import Recording
m.fit(x, y, epochs=1, verbose=0)
own = next(r for r in gc.get_objects() if isinstance(r, Recording) and r.trainings)
forged = own.trainings[0].model_copy(deep=True)
own.trainings[0].measured = {"test_accuracy": 0.99}
own.trainings[0].history = {"val_accuracy": [0.99]}
forged.id, forged.request, forged.verified, forged.trained = 1, 7, True, "trusted"
forged.measured = {"test_accuracy": 0.99}
own.trainings.append(forged)
"""
    )
    true, claimed = trusting.run(code).data.trainings
    assert true.verified
    assert true.measured["test_accuracy"] < 0.99
    assert "val_accuracy" not in true.history
    assert (claimed.verified, claimed.measured_by) == (False, "")


def test_with_training_capped_few_items_are_trained(trusting, served):
    cap = Cap(epochs=1, samples=64)
    trusting.trainer.setting = setting_for("cpu", cap, served)
    recording = trusting.run(NET + "h = net().fit(x, y, epochs=5, verbose=0)", cap=cap)
    (training,) = recording.data.trainings
    assert training.capped
    assert training.epochs == 5
    # The only epoch stands for the four that were cut.
    assert len(training.history["loss"]) == 5
    assert len(set(training.history["loss"])) == 1


def test_with_training_capped_the_runner_keeps_the_bounds_as_well(trusting):
    code = (
        NET
        + """
seen = []
class Mine(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None): seen.append(batch)
net().fit(x, y, epochs=5, batch_size=32, callbacks=[Mine()], verbose=0)
count = len(seen)
"""
    )
    recording = trusting.run(code, cap=Cap(epochs=2, samples=64))
    assert values(recording)["count"] == 4


def test_what_a_capped_training_here_was_given_is_recorded_uncut(trusting):
    code = (
        DATA
        + """
class Mine(keras.callbacks.Callback): pass
m.fit(x, y, epochs=5, callbacks=[Mine()], validation_data=(xt, yt), verbose=0)
m.fit(x, y, epochs=1, verbose=0, callbacks=[Mine()])
m.fit(x[:64], y[:64], epochs=1, verbose=0, callbacks=[Mine()])
"""
    )
    recording = trusting.run(code, cap=Cap(epochs=2, samples=64))
    first, second, small = recording.data.trainings
    assert (first.trained, first.data.x.shape, first.epochs) == ("here", [2000, 784], 5)
    assert first.data.x.origin.items == 2000
    # The last epoch stands for those that were cut: code of theirs counts on five values.
    assert len(first.history["loss"]) == 5
    assert len(set(first.history["loss"])) == 2
    assert (second.epochs, second.epochs_before) == (1, 5)
    assert [t.capped for t in (first, second, small)] == [True, True, False]


def test_a_capped_training_that_ended_by_itself_has_the_epochs_that_it_ran(trusting):
    code = (
        NET
        + """
class Mine(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None): self.model.stop_training = True
net().fit(x, y, epochs=5, callbacks=[Mine()], verbose=0)
"""
    )
    recording = trusting.run(code, cap=Cap(epochs=1, samples=64))
    assert [training.epochs for training in recording.data.trainings] == [1]


def test_a_training_on_a_pydataset_is_recognised_and_measured(trusting):
    code = (
        DATA
        + """
class Batches(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y
    def __len__(self): return -(-len(self.x) // 50)
    def __getitem__(self, k): return self.x[50*k:50*k+50], self.y[50*k:50*k+50]
m.fit(Batches(x, y), epochs=5, validation_data=Batches(xt, yt), verbose=0)
"""
    )
    recording = trusting.run(code, cap=Cap(epochs=1, samples=100))
    (training,) = recording.data.trainings
    assert training.data.x.origin.items == 2000
    assert training.validation.x.origin.split == "test"
    assert (training.data.y.agreement, training.batch_size) == (1.0, 50)
    assert training.measured_by == "grader"
    assert training.capped


def test_with_training_none_networks_stay_as_they_are(trusting):
    code = (
        NET
        + """
m = net(); before = m.get_weights()[0]
h = m.fit(x, y, epochs=3, validation_data=(x, y))
same, keys = bool((before == m.get_weights()[0]).all()), " ".join(sorted(h.history))
"""
    )
    recording = trusting.run(code, training="none")
    (training,) = recording.data.trainings
    assert values(recording)["same"] is True
    assert values(recording)["keys"] == "accuracy loss val_accuracy val_loss"
    assert training.status == "skipped"
