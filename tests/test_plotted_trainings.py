"""From the student's code to the check: trainings that really took place, and their plots."""

from __future__ import annotations

import pytest

from graders.checks import (
    WantedCurve,
    assert_curves,
    assert_labelled,
    attempts_of,
    finals_of,
    series_of,
)

pytestmark = pytest.mark.sandbox

WORK = """
import keras, matplotlib.pyplot as plt, pandas as pd, seaborn as sns
(x, y), (a, b) = keras.datasets.fashion_mnist.load_data()
x, a = x.reshape(-1, 784) / 255, a.reshape(-1, 784) / 255

def net(rate):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, 'softmax')])
    model.compile(keras.optimizers.SGD(rate), 'sparse_categorical_crossentropy',
                  metrics=['accuracy'])
    return model

rows, by_hand = [], []
for rate in (0.1, 0.01):
    history = net(rate).fit(x, y, epochs=3, validation_data=(a, b), batch_size=100, verbose=0)
    rows += [(e, v, rate) for e, v in enumerate(history.history['val_accuracy'], 1)]
model = net(0.001)
for epoch in range(3):
    model.fit(x, y, batch_size=100, verbose=0)
    by_hand.append(model.evaluate(a, b, verbose=0)[1])
rows += [(e, v, 0.001) for e, v in enumerate(by_hand, 1)]
frame = pd.DataFrame(rows, columns=['epoch', 'test accuracy', 'rate'])
frame['rate'] = frame['rate'].astype(str)
sns.lineplot(frame, x='epoch', y='test accuracy', hue='rate')
plt.savefig('rates.png'); plt.close()

# %%
train, test = [], []
for n in (200, 500, 1000):
    model = net(0.05)
    h = model.fit(x[:n], y[:n], epochs=2, batch_size=100, verbose=0)
    train.append(h.history['accuracy'][-1])
    test.append(100 * model.evaluate(a, b, verbose=0)[1])
fig, (left, right) = plt.subplots(1, 2)
left.semilogx([200, 500, 1000], train, 'o'); left.set_title('train')
right.bar(['200', '500', '1000'], test); right.set_title('test')
for ax in fig.axes:
    ax.set(xlabel='images', ylabel='accuracy')
"""


def test_curves_of_real_trainings_are_found_and_labelled(run_code):
    recording, _ = run_code(WORK)
    assert [o.error_message for o in recording.data.outcomes if o.status != "ok"] == []
    attempts = attempts_of(recording)
    rates = [
        next(a for a in attempts if a.compiled.learning_rate == pytest.approx(r))
        for r in (0.1, 0.01)
    ]
    looped = [a for a in attempts if a.compiled.learning_rate == pytest.approx(0.001)][-1]
    assert looped.looped == 2

    by_epoch = [
        WantedCurve(f"the learning rate {rate}", series_of(attempt, "accuracy", "test"))
        for rate, attempt in zip((0.1, 0.01, 0.001), [*rates, looped], strict=True)
    ]
    drawn = assert_curves(recording, by_epoch, what="the test accuracy by epoch")
    assert [one.curve.label for one in drawn] == ["0.1", "0.01", "0.001"]
    assert_labelled(drawn, what="the test accuracy by epoch")

    sized = [a for a in attempts if a.items in {200, 500, 1000}]
    against = [
        WantedCurve(f"the {on} set", finals_of(sized, "accuracy", on), x=[200, 500, 1000])
        for on in ("train", "test")
    ]
    drawn = assert_curves(recording, against, what="the accuracy against the training set's size")
    assert [one.curve.kind for one in drawn] == ["points", "bars"]
    assert_labelled(drawn, what="the accuracy against the training set's size")
