from __future__ import annotations

import pytest

from graders.hints import hint_for


@pytest.mark.parametrize(
    ("kind", "message", "word"),
    [
        ("SyntaxError", "'(' was never closed (cell, line 3)", "blank of the template"),
        ("NameError", "name 'model_2' is not defined", "misspelt"),
        ("ModuleNotFoundError", "No module named 'keras.utils.np_utils'", "gone from Keras 3"),
        ("ModuleNotFoundError", "No module named 'torch'", "course's environment"),
        ("ValueError", "Argument(s) not recognized: {'lr': 0.01}", "learning_rate"),
        ("ValueError", "dtype='string' is not a valid dtype for Keras", "metrics=['accuracy']"),
        (
            "ValueError",
            'Input 0 of layer "dense" is incompatible with the layer: expected axis -1',
            "(n, 784)",
        ),
        ("ValueError", "Data cardinality is ambiguous. Make sure all", "more images than labels"),
        (
            "ValueError",
            "Sequential model 'sequential' cannot be built because it has no layers.",
            "Add layers",
        ),
        ("TypeError", "Invalid shape (784,) for image data", "reshape(28, 28)"),
        (
            "InvalidArgumentError",
            "Received a label value of 9 which is outside the valid range of [0, 9).",
            "ten classes need ten",
        ),
        ("AttributeError", "module 'keras' has no attribute 'input'", "capitals"),
        ("AttributeError", "module 'tensorflow.keras' has no attribute 'Imput'", "misspelt"),
        ("ImportError", "You must install pydot (`pip install pydot`)", "summary()"),
        ("TimeIsUp", "", "endless loop"),
        ("ImportError", "cannot import name 'ImageDataGenerator' from 'x'", "tensorflow.keras"),
        ("AttributeError", "'Sequential' object has no attribute 'fit_generator'", "iterator"),
        ("ValueError", "Argument `learning_rate` should be float, or an instance", "1.0"),
        ("ValueError", "Invalid filepath extension for saving. Please add", ".keras"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'x.npz'", "save a file"),
        ("OSError", "[Errno 28] No space left on device", "Delete files"),
        ("MemoryError", "Unable to allocate 74.5 GiB for an array", "fewer items"),
        ("RuntimeError", "can't start new thread", "fewer threads"),
        ("BlockingIOError", "[Errno 11] Resource temporarily unavailable", "fewer threads"),
        ("gaierror", "[Errno -3] Temporary failure in name resolution", "no network"),
        ("Exception", "URL fetch failure on https://x.invalid: None", "no network"),
    ],
)
def test_errors_that_students_often_meet_have_a_hint(kind, message, word):
    assert word in hint_for(kind, message)


def test_an_unknown_error_has_none():
    assert hint_for("ZeroDivisionError", "division by zero") == ""
