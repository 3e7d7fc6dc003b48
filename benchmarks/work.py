"""What is measured with: the short submission, and the data as a student's Keras finds them."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence
from pathlib import Path

import nbformat
import numpy as np

from reference.datasets import DataSet

_DATA = """\
import keras

(x, y), _ = keras.datasets.fashion_mnist.load_data()
x, y = x[:{images}].reshape(-1, 784) / 255, y[:{images}]
"""
_NETWORK = """\
model = keras.Sequential([
    keras.Input((784,)), keras.layers.Dense(10, "relu"), keras.layers.Dense(10, "relu"),
    keras.layers.Dense(10, "softmax"),
])
model.compile("sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
"""
_FIT = "model.fit(x, y, epochs={epochs}, batch_size=32, verbose=0)\n"
# The files that keras.datasets.fashion_mnist reads, in the order of images and labels.
_IDX_FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


def short_cells(images: int = 60_000, epochs: int = 3) -> list[str]:
    """Write the cells of the short submission: data, network 784-10-10-10, and its training."""
    return [_DATA.format(images=images), _NETWORK, _FIT.format(epochs=epochs)]


def write_submission(file: Path, cells: Sequence[str]) -> Path:
    """Write cells as a notebook or, by the file's name, as a script."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(cells)
    if file.suffix == ".ipynb":
        made = [nbformat.v4.new_code_cell(cell) for cell in cells]
        text = nbformat.writes(nbformat.v4.new_notebook(cells=made))
    file.write_text(text, encoding="utf-8")
    return file


def write_keras_cache(home: Path, data: DataSet) -> Path:
    """Put the data where keras.datasets looks first, so that nothing is downloaded.

    Keras checks no sum of these files, whose layout is IDX: two zero bytes, 8 for uint8, the
    number of dimensions, each dimension as a big-endian integer, and then the values.
    """
    folder = home / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    arrays = [array for split in data.load() for array in split]
    for name, values in zip(_IDX_FILES, arrays, strict=True):
        array = np.asarray(values, dtype=np.uint8)
        header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        content = gzip.compress(header + array.tobytes(), compresslevel=1)
        (folder / f"{name}-ubyte.gz").write_bytes(content)
    return home
