"""What callbacks of the student's own ask a network while it is trained."""

from __future__ import annotations

import pytest

from graders.checks import attempts_of, series_of

pytestmark = pytest.mark.sandbox

CODE = """
import keras
(x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x, x_test = x / 255.0, x_test / 255.0

class Scores(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.model.evaluate(x[:500], y[:500], verbose=0)[1])

layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
model = keras.Sequential(layers)
model.compile("sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
scores = Scores()
model.fit(x[:500], y[:500], epochs=3, callbacks=[scores], validation_data=(x_test, y_test))
model.evaluate(x_test, y_test)
"""


def test_what_a_callback_evaluates_after_each_epoch_is_a_series_of_that_training(trusting):
    recording = trusting.run(CODE)
    (attempt,) = [one for one in attempts_of(recording) if one.training is not None]

    history, evaluated = series_of(attempt, "accuracy", "train")

    assert [call.during for call in recording.data.calls] == [True, True, True, False]
    assert {call.after_training for call in recording.data.calls} == {attempt.training.id}
    assert len(history) == len(evaluated) == 3
    assert history != evaluated
