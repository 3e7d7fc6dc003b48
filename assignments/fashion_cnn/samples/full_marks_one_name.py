# Fashion-MNIST assignment, as one script

import numpy as np
import matplotlib.pyplot as plt
from tensorflow.keras.datasets import fashion_mnist
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Input, Dense, Flatten, Conv2D, MaxPooling2D
from tensorflow.keras.optimizers import SGD, Adam

answers = {}
BATCH = 128

# ----- 1a: load, look, flatten

(X_train, y_train), (X_test, y_test) = fashion_mnist.load_data()

plt.figure(figsize=(6, 6))
for k in range(9):
    plt.subplot(3, 3, k + 1)
    plt.imshow(X_train[k], cmap='gray_r')
    plt.title(str(y_train[k]))
    plt.axis('off')
plt.show()

Xf_train = X_train.reshape(X_train.shape[0], 28 * 28)
Xf_test = X_test.reshape(X_test.shape[0], 28 * 28)

# ----- 1b: scale
# 1b: weight updates are proportional to the input, so inputs of 200 and more give
# updates that are far too big and the loss explodes instead of going down.

Xf_train = Xf_train.astype('float32') / 255
Xf_test = Xf_test.astype('float32') / 255

# ----- 1c, 1d, 1e, 1f
# 1c: 10 outputs because there are 10 labels, output i = probability of label i

model = Sequential()
model.add(Input(shape=(784,)))
model.add(Dense(10, activation='relu'))
model.add(Dense(10, activation='relu'))
model.add(Dense(10, activation='softmax'))
model.summary()

answers['1d'] = '8,070'   # 7850 + 110 + 110

sgd = SGD()
model.compile(optimizer=sgd, loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(Xf_train, y_train, batch_size=BATCH, epochs=3, validation_data=(Xf_test, y_test))
acc_small = history.history['val_accuracy'][-1]
print('1f train', history.history['accuracy'][-1], 'test', acc_small)

# ----- 1g
# ask the optimizer what it used

answers['1g'] = model.optimizer.learning_rate.numpy()
print('default learning rate', answers['1g'])

model = Sequential()
model.add(Input(shape=(784,)))
model.add(Dense(10, activation='relu'))
model.add(Dense(10, activation='relu'))
model.add(Dense(10, activation='softmax'))
sgd = SGD(learning_rate=0.005)
model.compile(optimizer=sgd, loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(Xf_train, y_train, batch_size=BATCH, epochs=3, validation_data=(Xf_test, y_test), verbose=2)

# ----- 1h

model = Sequential()
model.add(Input(shape=(784,)))
model.add(Dense(64, activation='relu'))
model.add(Dense(64, activation='relu'))
model.add(Dense(10, activation='softmax'))
sgd = SGD(learning_rate=0.01)
model.compile(optimizer=sgd, loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(Xf_train, y_train, batch_size=BATCH, epochs=3, validation_data=(Xf_test, y_test), verbose=2)
acc_wide = history.history['val_accuracy'][-1]

answers['1h'] = np.sum([np.prod(w.shape) for w in model.trainable_weights])
print('1h:', answers['1h'], 'parameters, test accuracy', acc_wide, 'instead of', acc_small)

# ----- 1i: only 20000 items

X_less = Xf_train[:20000]
y_less = y_train[:20000]

model = Sequential()
model.add(Input(shape=(784,)))
model.add(Dense(64, activation='relu'))
model.add(Dense(64, activation='relu'))
model.add(Dense(10, activation='softmax'))
model.compile(optimizer=SGD(), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(X_less, y_less, batch_size=BATCH, epochs=3, validation_data=(Xf_test, y_test), verbose=2)
print('1i train', history.history['accuracy'][-1], 'test', history.history['val_accuracy'][-1])

# 1i: With less data it is easier to learn the examples by heart, that is overfitting.
# Then the training accuracy is too optimistic. It matters since we want to use the
# network for new pictures. After 3 epochs I can't really see it yet.

# ----- 1j: ankle boots (with the last network)

pred = model.predict(Xf_test).argmax(axis=1)
boots = np.where(pred == 9)[0]

first_wrong = None
n = 0
while n < len(boots):
    i = boots[n]
    plt.imshow(X_test[i], cmap='gray_r')
    plt.title('item %d, label %d' % (i, y_test[i]))
    plt.show()
    plt.clf()
    if y_test[i] != 9:
        first_wrong = int(i)
        break
    n += 1
print('wrong:', first_wrong)

# 1j: high sneakers. They have the same shape at the heel and the toe as a boot, the only
# difference is how far the shaft goes up.

# ----- 2a

IA = np.array([[0, 0, 1, 0, 0]] * 5)
IB = IA.T
Kx = np.array([[-1, 0, 1],
               [-2, 0, 2],
               [-1, 0, 1]])
Ky = Kx.T

def conv(kernel, image):
    rows, cols = image.shape
    padded = np.pad(image, 1, mode='edge')
    flipped = kernel[::-1, ::-1]
    out = np.zeros((rows, cols))
    for r in range(rows):
        for c in range(cols):
            total = 0
            for a in range(3):
                for b in range(3):
                    total += flipped[a, b] * padded[r + a, c + b]
            out[r, c] = total
    return out

KxIA = conv(Kx, IA)
KyIA = conv(Ky, IA)
KxIB = conv(Kx, IB)
KyIB = conv(Ky, IB)
print(KxIA, KyIA, KxIB, KyIB, sep='\n\n')

# ----- 2b
# 2b: Kx finds the left and right side of a vertical line, Ky the upper and lower side of a
# horizontal line. Each of them is blind for the other line.

# ----- 3a

Xc_train = Xf_train.reshape(-1, 28, 28, 1)
Xc_test = Xf_test.reshape(-1, 28, 28, 1)

model = Sequential()
model.add(Input(shape=(28, 28, 1)))
model.add(Conv2D(filters=16, kernel_size=3, activation='relu'))
model.add(MaxPooling2D(pool_size=2))
model.add(Conv2D(filters=8, kernel_size=3, activation='relu'))
model.add(MaxPooling2D(pool_size=2))
model.add(Flatten())
model.add(Dense(10, activation='softmax'))
model.summary()

# ----- 3b

model.compile(optimizer=SGD(), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(Xc_train, y_train, batch_size=BATCH, epochs=3, validation_data=(Xc_test, y_test))

# 3b: With batches of 128 the CNN is between the two dense networks after 3 epochs, it is still
# going up. No gap between training and test, because the filters are shared over the
# image and there are only few weights.

# ----- 3c

answers['3c'] = 160 + 1160 + 2010
print('3c', answers['3c'], model.count_params())

# ----- 4a

model = Sequential()
model.add(Input(shape=(28, 28, 1)))
model.add(Conv2D(16, 3, strides=(2, 2), activation='relu'))
model.add(Conv2D(8, 3, strides=(2, 2), activation='relu'))
model.add(Flatten())
model.add(Dense(10, activation='softmax'))
model.compile(optimizer=SGD(), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(Xc_train, y_train, batch_size=BATCH, epochs=3, validation_data=(Xc_test, y_test))
answers['4a'] = str(model.count_params())

# 4a: only every second position is computed, in x and in y, so 1/4 of the work

# ----- 4b

model = Sequential()
model.add(Input(shape=(28, 28, 1)))
model.add(Conv2D(16, 3, strides=(2, 2), activation='relu'))
model.add(Conv2D(8, 3, strides=(2, 2), activation='relu'))
model.add(Flatten())
model.add(Dense(10, activation='softmax'))
adam = Adam()
model.compile(optimizer=adam, loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(Xc_train, y_train, batch_size=BATCH, epochs=3, validation_data=(Xc_test, y_test))

# 4b: Adam adapts the step size for each weight (from the average of the squared gradients)
# and has momentum too, so it needs fewer steps.

print(answers)
