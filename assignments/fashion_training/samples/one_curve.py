# %% [markdown]
# Fashion MNIST: learning rate, data size, augmentation, transfer learning

# %%
from functools import partial

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Conv2D, Dense, Flatten, MaxPool2D
from tensorflow.keras.preprocessing.image import ImageDataGenerator
import matplotlib.pyplot as plt

# %%
dataset = tf.keras.datasets.fashion_mnist.load_data()
(imgs, lbls), (imgs_test, lbls_test) = dataset
imgs = tf.cast(imgs[..., tf.newaxis], tf.float32).numpy() / 255
imgs_test = tf.cast(imgs_test[..., tf.newaxis], tf.float32).numpy() / 255

# %%
conv = partial(Conv2D, kernel_size=(3, 3), activation="relu")


def get_net(size_of_dense):
    return tf.keras.Sequential(
        [
            tf.keras.layers.InputLayer(shape=(28, 28, 1)),
            conv(16),
            MaxPool2D((2, 2)),
            conv(8),
            MaxPool2D((2, 2)),
            Flatten(),
            Dense(size_of_dense, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )


def get_compiled(size_of_dense, opt):
    net = get_net(size_of_dense)
    net.compile(optimizer=opt, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


# %% 1a
for learning_rate in [1.0, 0.1, 0.01, 0.001, 0.0001]:
    sgd = tf.keras.optimizers.SGD(learning_rate=learning_rate)
    result = get_compiled(64, sgd).fit(imgs[:20000], lbls[:20000], epochs=10, verbose=2)

# %% 1b
plt.plot(result.history["accuracy"])
plt.title("accuracy")
plt.show()

plt.plot(result.history["loss"])
plt.title("loss")
plt.show()

# %% [markdown]
# 1b: A smaller learning rate learns more slowly. With a too large rate (1) it can't learn at all, it
# stays at 0.1 because every step is much too far.

# %% 2a
acc, loss = {}, {}
for k in [30000, 15000, 2500, 500]:
    net = get_compiled(128, tf.keras.optimizers.Adam())
    net.fit(imgs[:k], lbls[:k], epochs=10, verbose=2)
    loss[k, "train"], acc[k, "train"] = net.evaluate(imgs[:k], lbls[:k])
    loss[k, "test"], acc[k, "test"] = net.evaluate(imgs_test, lbls_test)

# %% 2b
for title, values in (("accuracy", acc), ("loss", loss)):
    plt.figure()
    for which in ("train", "test"):
        ks = sorted(k for k, w in values if w == which)
        plt.plot(ks, [values[k, which] for k in ks], label=which)
    plt.gca().set_xscale("log")
    plt.xlabel("number of images")
    plt.ylabel(title)
    plt.legend()
    plt.show()

# %% [markdown]
# 2b: With a smaller training set the test accuracy is lower and the test loss is higher, because the
# network overfits: it learns the few images by heart.

# %% 3a
transform = ImageDataGenerator(
    fill_mode="constant",
    rotation_range=20,
    zoom_range=(0.9, 1.1),
    shear_range=0.5,
    width_shift_range=0.1,
    height_shift_range=0.1,
)
pairs = transform.flow(imgs[:10000], lbls[:10000], batch_size=500)
collected = [next(pairs) for _ in range(40)]  # 2 rounds of 20 batches
fake_imgs = np.concatenate([pair[0] for pair in collected])
fake_lbls = np.concatenate([pair[1] for pair in collected])
fake_train = fake_imgs[:10000], fake_lbls[:10000]
fake_test = fake_imgs[10000:], fake_lbls[10000:]
np.savez("fake_train.npz", imgs=fake_train[0], lbls=fake_train[1])
np.savez("fake_test.npz", imgs=fake_test[0], lbls=fake_test[1])
for n in range(9):
    plt.subplot(3, 3, n + 1)
    plt.imshow(fake_imgs[n, ..., 0])
plt.show()

# %% 3b
adam = partial(tf.keras.optimizers.Adam, learning_rate=0.01)
orig = get_compiled(64, adam())
orig.fit(imgs, lbls)
tf.keras.models.save_model(orig, "orig.keras")

# %% 3c
print("original test images:", orig.evaluate(imgs_test, lbls_test))
print("pretend test images:", orig.evaluate(*fake_test))

# %% [markdown]
# 3c: The network knows upright, centred clothes only. The pretend ones are rotated and shifted, and
# it has never learnt to ignore that.

# %% 3d
pret = get_compiled(64, adam())
pret.fit(*fake_train)
print("3d:", pret.evaluate(*fake_test))

# %% 3e
augm = get_compiled(64, adam())
augm.fit(transform.flow(imgs[:10000], lbls[:10000], batch_size=32), epochs=13, verbose=2)
print("3e:", augm.evaluate(*fake_test))

# %% [markdown]
# 3e: It got better than 3d, which I expected: it was trained on 130,000 different images, not on
# 10,000.

# %% 4a
reloaded = tf.keras.models.load_model("orig.keras")
f1, f2 = np.load("fake_train.npz"), np.load("fake_test.npz")
f_train = f1["imgs"], f1["lbls"]
f_test = f2["imgs"], f2["lbls"]

# %% 4b
first = slice(500)
reloaded.fit(f_train[0][first], f_train[1][first])
fresh = get_compiled(64, adam())
fresh.fit(f_train[0][first], f_train[1][first])
print("500 images:", reloaded.evaluate(*f_test), fresh.evaluate(*f_test))

reloaded = tf.keras.models.load_model("orig.keras")
reloaded.fit(*f_train)
fresh = get_compiled(64, adam())
fresh.fit(*f_train)
print("all images:", reloaded.evaluate(*f_test), fresh.evaluate(*f_test))

# %% [markdown]
# 4b: 500 images: reloaded is a lot better than fresh, since it has been trained on 60,000 images
# before and can use what it knows. All images: almost equal, because now fresh has seen enough.
