"""Homework 11. Run with: python full_marks_script.py (takes about ten minutes on my laptop)."""
import keras
import numpy as np
from keras.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from keras.utils import to_categorical
from matplotlib import pyplot as plt
from tensorflow.keras.preprocessing.image import ImageDataGenerator

BATCH = 32


def load():
    train, test = keras.datasets.fashion_mnist.load_data()
    sets = []
    for images, labels in (train, test):
        sets.append(images.reshape(-1, 28, 28, 1) / np.float32(255.0))
        sets.append(to_categorical(labels, 10))
    return sets


def build(dense):
    pixels = Input((28, 28, 1))
    h = Conv2D(16, 3, activation="relu")(pixels)
    h = MaxPooling2D(2)(h)
    h = Conv2D(8, 3, activation="relu")(h)
    h = MaxPooling2D(2)(h)
    h = Flatten()(h)
    h = Dense(dense, activation="relu")(h)
    return keras.Model(pixels, Dense(10, activation="softmax")(h))


def experiment(optimizer, x, y, epochs=1, dense=64, start=None, tests=(), steps=None):
    """Train a new network, or the one in `start`; evaluate it on the tests."""
    net = start
    if net is None:
        net = build(dense)
        net.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    if steps:
        net.fit(x, steps_per_epoch=steps, epochs=epochs, verbose=2)
    else:
        net.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=2)
    return net, [net.evaluate(tx, ty, batch_size=500, verbose=0) for tx, ty in tests]


def one_curve_per_rate(rates, x, y):
    """Loss and accuracy after each epoch; `evaluate` is more exact than what fit() prints."""
    curves = {}
    for rate in rates:
        net = build(64)
        net.compile(
            keras.optimizers.SGD(learning_rate=rate),
            loss="categorical_crossentropy",
            metrics=["accuracy"],
        )
        points = []
        for _ in range(10):
            net.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
            points.append(net.evaluate(x, y, batch_size=500, verbose=0))
        curves[rate] = np.array(points)
        print("rate", rate, "ends at", points[-1])
    return curves


def two_panels(xs, curves, xlabel, log=False):
    """Left the accuracy, right the loss. curves: label -> array of (loss, accuracy)."""
    fig, panels = plt.subplots(1, 2, figsize=(11, 4))
    for panel, column, name in zip(panels, (1, 0), ("accuracy", "loss")):
        for label, values in curves.items():
            panel.plot(xs, values[:, column], "o-", markersize=3, label=label)
        if log:
            panel.set_xscale("log")
        panel.set_xlabel(xlabel)
        panel.set_ylabel(name)
        panel.legend()
    fig.tight_layout()
    plt.show()


def endless(batches):
    """Keras counts the batches of an iterator by its length; a generator has none."""
    while True:
        yield next(batches)


x, y, xt, yt = load()
print(x.shape, y.shape, xt.shape, yt.shape)

# ---------------------------------------------------------------- 1
sweep = one_curve_per_rate([1.0, 0.1, 0.01, 0.001, 0.0001], x[:20000], y[:20000])
two_panels(range(1, 11), {f"rate {r:g}": c for r, c in sweep.items()}, "epoch")

# 1b: The larger the rate the faster it learns, as long as it learns at all: 0.1 is fastest, then
# 0.01, then 0.001. 0.0001 moves so little per step that ten epochs are not nearly enough, but its
# loss does go down. A rate of 1 is too large: its steps jump over the minimum again and again (or
# push all units into the flat part of relu), and the accuracy is 0.1 from the first to the last
# epoch, just as if it was guessing.

# ---------------------------------------------------------------- 2
amounts = [500, 2500, 15000, 30000]
on_train, on_test = [], []
for n in amounts:
    _, (seen, unseen) = experiment(
        keras.optimizers.Adam(),
        x[:n],
        y[:n],
        epochs=10,
        dense=128,
        tests=[(x[:n], y[:n]), (xt, yt)],
    )
    on_train.append(seen)
    on_test.append(unseen)
    print(n, "items:", seen, unseen)
two_panels(
    amounts,
    {"training items": np.array(on_train), "test set": np.array(on_test)},
    "size of the training set",
    log=True,
)

# 2b: More items give a higher accuracy and a lower loss on the test set. On the items it was trained
# on the network is good with any number of them, so with 500 the gap between both curves is widest:
# it overfits, i.e. it learns what is special about these 500 pictures instead of what is common to
# all garments of a class.

# ---------------------------------------------------------------- 3
changes = ImageDataGenerator(
    rotation_range=20,
    width_shift_range=0.1,
    height_shift_range=0.1,
    shear_range=0.5,
    zoom_range=(0.9, 1.1),
    fill_mode="constant",
)
stream = changes.flow(x[:10000], y[:10000], batch_size=500)
rounds = [next(stream) for _ in range(40)]  # 40 batches of 500: every item twice
px = np.concatenate([images for images, _ in rounds[:20]])
py = np.concatenate([labels for _, labels in rounds[:20]])
pxt = np.concatenate([images for images, _ in rounds[20:]])
pyt = np.concatenate([labels for _, labels in rounds[20:]])
for name, array in (("px", px), ("py", py), ("pxt", pxt), ("pyt", pyt)):
    np.save(f"{name}.npy", array)
    print(name, array.shape)

fig, grid = plt.subplots(3, 6)
for place, image in zip(grid.ravel(), px):
    place.imshow(image.squeeze(), cmap="Greys")
    place.set_axis_off()
plt.show()

m_orig, (upright, untidy) = experiment(
    keras.optimizers.Adam(learning_rate=0.01), x, y, tests=[(xt, yt), (pxt, pyt)]
)
m_orig.save("m_orig.h5")
print("M_orig on the original test set", upright)
print("M_orig on the pretend test set", untidy)

# 3c: The original images are all centred and upright and have the same size, and the network has
# never seen anything else. It has overfitted to that: a trouser leg that leans to the left is a
# pattern for which it has no weights, so on the pretend images it is often wrong.

m_pret, (score,) = experiment(
    keras.optimizers.Adam(learning_rate=0.01), px, py, tests=[(pxt, pyt)]
)
print("M_pret on the pretend test set", score, "and M_orig had", untidy)

m_aug, (score,) = experiment(
    keras.optimizers.Adam(learning_rate=0.01),
    endless(changes.flow(px, py, batch_size=BATCH)),
    None,
    tests=[(pxt, pyt)],
    steps=4000,
)
print("M_aug on the pretend test set", score)

# 3e: It is better than 3d by a few percent, which I had expected. The number of steps is 4000 instead
# of 313, and because every batch is transformed anew the network doesn't get to see the same image
# again, it is like having 128000 images.

# ---------------------------------------------------------------- 4
qx, qy, qxt, qyt = (np.load(f"{name}.npy") for name in ("px", "py", "pxt", "pyt"))
for n in (500, len(qx)):
    again = keras.models.load_model("m_orig.h5")
    _, (with_transfer,) = experiment(None, qx[:n], qy[:n], start=again, tests=[(qxt, qyt)])
    _, (from_scratch,) = experiment(
        keras.optimizers.Adam(learning_rate=0.01), qx[:n], qy[:n], tests=[(qxt, qyt)]
    )
    print(n, "items: loaded", with_transfer, "new", from_scratch)

# 4b: With 500 items the loaded network wins by far. It starts with filters that are good for clothes
# and has to get used to the untidy images only; the new one starts with noise and gets 16 steps. With
# 10000 items the new one almost catches up, since that is enough data to learn its own filters.
