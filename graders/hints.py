"""What to try when a cell fails: hints for errors that students of Keras often meet."""

from __future__ import annotations

import re

# (error type, pattern of its message, hint); the first that fits is shown.
_HINTS: tuple[tuple[str, str, str], ...] = (
    (
        "SyntaxError",
        r"",
        "Is a blank of the template still open, or a bracket not closed? Python can't read the "
        "cell at all, so nothing in it ran.",
    ),
    ("IndentationError", r"", "Indent the lines of a block by the same number of spaces."),
    (
        "NameError",
        r"",
        "Either the name is misspelt, or it is defined in a cell further down or in one that "
        "failed. Restart the kernel and run all cells from the top.",
    ),
    (
        "ModuleNotFoundError",
        r"keras\.(utils\.np_utils|layers\.(core|convolutional)|wrappers)|tensorflow\.examples",
        "That module is gone from Keras 3. Import from keras.layers, keras.utils or keras.models.",
    ),
    ("ModuleNotFoundError", r"", "This module is not part of the course's environment."),
    (
        "ImportError|ModuleNotFoundError|AttributeError",
        r"ImageDataGenerator",
        "In Keras 3 it is found in one place only: from tensorflow.keras.preprocessing.image "
        "import ImageDataGenerator.",
    ),
    (
        "AttributeError",
        r"'(fit|evaluate|predict)_generator'",
        "These functions are gone from Keras 3: fit(), evaluate() and predict() take the iterator.",
    ),
    (
        "ValueError",
        r"`learning_rate` should be float",
        "Keras 3 takes a float: write 1.0 in place of 1.",
    ),
    (
        "ValueError",
        r"Invalid filepath extension for saving",
        "Give the file a name that ends in .keras.",
    ),
    (
        "ImportError",
        r"np_utils|to_categorical",
        "Use keras.utils.to_categorical.",
    ),
    (
        "ImportError",
        r"pydot|graphviz",
        "plot_model() needs Graphviz, which is not part of the course's environment; summary() "
        "shows the same. No exercise asks for it.",
    ),
    (
        "(ValueError|TypeError)",
        r"\blr\b|Argument\(s\) not recognized: \{'lr'",
        "Keras 3 calls it learning_rate: SGD(learning_rate=0.01).",
    ),
    (
        "TimeIsUp",
        r"",
        "The cell did not end within the time limit. Look for an endless loop, or train less.",
    ),
    ("InputUnavailable", r"", "Write the value into the code instead of asking for it."),
    (
        "ValueError",
        r"Shapes? .*incompatible|expected (min_ndim|axis|ndim|shape)|Input 0 of layer",
        "The array's shape is not what the network's first layer expects: dense networks take "
        "(n, 784), convolutional ones (n, 28, 28, 1).",
    ),
    (
        "ValueError",
        r"Data cardinality is ambiguous",
        "fit() was given more images than labels, or fewer: cut and prepare both in the same way.",
    ),
    (
        "ValueError",
        r"Sequential model .*(has no layers|no layers)|has not yet been built",
        "Add layers to the network, keras.Input((784,)) or keras.Input((28, 28, 1)) first.",
    ),
    (
        "TypeError",
        r"Invalid shape .* for image data",
        "imshow() takes an image of 28x28: reshape the vector with image.reshape(28, 28).",
    ),
    (
        "\\w+",
        r"Received a label value of \d+ which is outside the valid range",
        "The last layer has too few units for the labels: ten classes need ten.",
    ),
    (
        "AttributeError",
        r"module '(tensorflow\.)?(keras|numpy|tensorflow)\S*' has no attribute",
        "The name is misspelt, or it is gone from this version: Keras writes layers with capitals, "
        "such as keras.Input and keras.layers.Dense.",
    ),
    (
        "ValueError",
        r"rank|same rank|must have the same|logits and labels",
        "Integer labels go with sparse_categorical_crossentropy, one-hot labels with "
        "categorical_crossentropy.",
    ),
    (
        "ValueError",
        r"dtype='string' is not a valid dtype",
        "Keras 3 takes compile(optimizer, loss, loss_weights, metrics): write metrics=['accuracy'] "
        "with its keyword.",
    ),
    (
        "AttributeError",
        r"'NoneType' object has no attribute",
        "A function before this line returned nothing; its result was used all the same.",
    ),
    (
        "\\w+",
        r"No space left on device",
        "Delete files that are no longer needed, or write fewer: the disk space of one submission "
        "is limited.",
    ),
    (
        "MemoryError|\\w*ResourceExhaustedError",
        r"",
        "Work on fewer items at a time, and delete large arrays that are no longer needed: the "
        "memory of one submission is limited.",
    ),
    (
        "RuntimeError|BlockingIOError",
        r"can't start new thread|Resource temporarily unavailable",
        "Start fewer threads and processes, and wait for the end of those that you have started.",
    ),
    (
        "\\w+",
        r"URL fetch failure|name resolution|Network is unreachable|Max retries exceeded",
        "There is no network while work is graded. Load the data of the exercise with "
        "keras.datasets, and nothing else from outside.",
    ),
    (
        "FileNotFoundError",
        r"",
        "Work is graded in a folder that holds only what was handed in. Load the data with "
        "keras.datasets, and save a file before you load it.",
    ),
)


def hint_for(error_type: str, message: str) -> str:
    """Return one thing to try for an error; an empty text where none is known."""
    for kind, pattern, hint in _HINTS:
        if re.fullmatch(kind, error_type) and re.search(pattern, message):
            return hint
    return ""
