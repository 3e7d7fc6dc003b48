"""Telling garments apart: dense and convolutional networks."""

# %% What is used
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from scipy import ndimage

answers: dict[str, float] = {}

# %% The data
(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)

# %% 1a: images become vectors
figure, axes = plt.subplots(2, 5, figsize=(8, 4))
for axis, image, label in zip(axes.flat, x_train, y_train, strict=False):
    axis.imshow(image, cmap="gray")
    axis.set_title(label)
    axis.axis("off")
plt.show()

vec_train = x_train.reshape(-1, 784)
vec_test = x_test.reshape(-1, 784)
print(vec_train.shape, vec_test.shape)

# %% 1b: pixels from 0 to 1
vec_train = vec_train.astype("float32") / 255.0
vec_test = vec_test.astype("float32") / 255.0
print(vec_train.min(), vec_train.max())

# %% [markdown]
# **1b, in words.** A weight of the first layer changes by the learning rate times the error of its
# unit times the pixel. With pixels up to 255 these steps are far too large for the usual rate, so
# the training overshoots, and ReLU units can die of it. Pixels up to 1 keep the steps small.

# %% 1c: a dense network with two hidden layers
small = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(10, activation="relu"),
        layers.Dense(10, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% [markdown]
# **1c, in words.** There are ten classes, and each output unit stands for one of them: the softmax
# turns the ten outputs into one probability for each class.

# %% 1d: its parameters, as weights plus biases of each layer
answers["1d"] = (784 * 10 + 10) + (10 * 10 + 10) + (10 * 10 + 10)
print(answers["1d"])

# %% 1e: plain SGD
small.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

# %% 1f: three epochs
log = small.fit(
    vec_train, y_train, batch_size=64, epochs=3, validation_data=(vec_test, y_test), verbose=2
)
print("training", log.history["accuracy"][-1], "test", log.history["val_accuracy"][-1])

# %% 1g: a smaller learning rate
answers["1g"] = float(small.optimizer.learning_rate)
print(answers["1g"])

slow = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(10, activation="relu"),
        layers.Dense(10, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
slow.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.005),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
slow_log = slow.fit(
    vec_train, y_train, batch_size=64, epochs=3, validation_data=(vec_test, y_test), verbose=2
)

# %% 1h: wider hidden layers
wide = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
answers["1h"] = wide.count_params()
wide.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
wide_log = wide.fit(
    vec_train, y_train, batch_size=64, epochs=3, validation_data=(vec_test, y_test), verbose=2
)
print(answers["1h"], "parameters, test", wide_log.history["val_accuracy"][-1])

# %% 1i: a third of the data
fewer = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(10, activation="relu"),
        layers.Dense(10, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
fewer.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
fewer_log = fewer.fit(
    vec_train[:20000],
    y_train[:20000],
    batch_size=64,
    epochs=3,
    validation_data=(vec_test, y_test),
    verbose=2,
)
print(fewer_log.history["accuracy"][-1], fewer_log.history["val_accuracy"][-1])

# %% [markdown]
# **1i, in words.** After three epochs there is hardly a gap. It appears when a network learns what
# is true of its training items alone (overfitting), which is easier with fewer of them, and it
# matters, because what counts is how the network does on items that it hasn't seen.

# %% 1j: what the wide network calls ankle boots
predicted = np.argmax(wide.predict(vec_test, verbose=0), axis=1)
boots = np.flatnonzero(predicted == 9)
first_wrong = None
for position in boots:
    plt.figure(figsize=(1, 1))
    plt.imshow(x_test[position], cmap="gray")
    plt.axis("off")
    plt.show()
    plt.close()
    if y_test[position] != 9:
        first_wrong = int(position)
        break
print(len(boots), "items; the first wrong one is", first_wrong)

# %% [markdown]
# **1j, in words.** They are sneakers nearly always, those with a high shaft, and now and then a
# sandal with a heel: at 28 by 28 pixels the outline of shaft and sole is that of a boot.

# %% 2a: four convolutions
IA = np.zeros((5, 5), dtype=int)
IA[:, 2] = 1
IB = np.zeros((5, 5), dtype=int)
IB[2, :] = 1
Kx = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
Ky = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])

KxIA = ndimage.convolve(IA, Kx, mode="nearest")
KyIA = ndimage.convolve(IA, Ky, mode="nearest")
KxIB = ndimage.convolve(IB, Kx, mode="nearest")
KyIB = ndimage.convolve(IB, Ky, mode="nearest")
print(KxIA, KyIA, KxIB, KyIB, sep="\n\n")

# %% [markdown]
# **2b, in words.** Kx responds to vertical edges, where the brightness changes from left to right,
# and Ky to horizontal edges, where it changes from top to bottom.

# %% 3a: a convolutional network
img_train = vec_train.reshape(-1, 28, 28, 1)
img_test = vec_test.reshape(-1, 28, 28, 1)
cnn = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(8, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% 3b: trained like the dense ones
cnn.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
cnn_log = cnn.fit(
    img_train, y_train, batch_size=64, epochs=3, validation_data=(img_test, y_test), verbose=2
)
print("training", cnn_log.history["accuracy"][-1], "test", cnn_log.history["val_accuracy"][-1])

# %% [markdown]
# **3b, in words.** Training and test accuracy are practically equal, more so than with the wide
# dense network. The same small kernels serve the whole image, so there are too few parameters to
# learn single items by heart.

# %% 3c: parameters of both convolutions and of the dense layer
answers["3c"] = (9 * 16 + 16) + (9 * 16 * 8 + 8) + (5 * 5 * 8 * 10 + 10)
print(answers["3c"])

# %% 4a: strides instead of pooling
strided = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, (3, 3), strides=2, activation="relu"),
        layers.Conv2D(8, (3, 3), strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
answers["4a"] = strided.count_params()
strided.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
strided_log = strided.fit(
    img_train, y_train, batch_size=64, epochs=3, validation_data=(img_test, y_test), verbose=2
)
print(answers["4a"], strided_log.history["val_accuracy"][-1])

# %% [markdown]
# **4a, in words.** A stride of 2 in both directions computes each convolution at a quarter of the
# positions, and there is no pooling. The time goes with the positions, not with the weights.

# %% 4b: Adam instead of SGD
quick = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, (3, 3), strides=2, activation="relu"),
        layers.Conv2D(8, (3, 3), strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
quick.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
quick_log = quick.fit(
    img_train, y_train, batch_size=64, epochs=3, validation_data=(img_test, y_test), verbose=2
)
print("with Adam", quick_log.history["val_accuracy"][-1])

# %% [markdown]
# **4b, in words.** Adam gives each weight a step size of its own, from a running average of its
# squared gradients, and smooths the direction by one of the gradients, so the same number of steps
# leads further.
