"""Whole results of fashion_cnn: full marks, losses, scored by a person, and a class."""

from __future__ import annotations

from graders.result import (
    Execution,
    FailedCell,
    Outcome,
    Result,
)
from tests.builders.evidence import (
    EDGES,
    NOTHING,
    ROWS,
    accuracy,
    adam_training,
    dense_network,
    dense_training,
    difference,
    grid,
    long_training,
    negated,
    shown_training,
    summary,
    unscaled_training,
    wrong_dense_network,
)
from tests.builders.results import (
    WALLS,
    check,
    exercise,
    info,
    judgement,
    late,
    lost,
    missing,
    of_fashion_cnn,
    passed,
    question,
    ungraded,
)

UNUSUALLY_HIGH = (
    "The Adam minus SGD of 0.064 is more than right solutions reach (up to 0.053). "
    "No points are taken; a person will look."
)


def make_full_marks() -> Result:
    exercises = [
        exercise("1a", "Turn images into vectors", passed("1a", "Fits see 784 inputs")),
        exercise(
            "1b",
            "Scale the pixels",
            passed("1b", "Pixels lie between 0 and 1"),
            manual=question(
                "Why do the pixel values have to be scaled before training?",
                "Large inputs make large gradients in the first layer.\nThen SGD overshoots.",
                score=1,
            ),
        ),
        exercise(
            "1c",
            "A dense network with two hidden layers",
            passed("1c", "784-10-10-10 with relu, relu, softmax", 2, evidence=[dense_network()]),
        ),
        exercise("1d", "Count its parameters", passed("1d", "8,070 parameters")),
        exercise(
            "1f",
            "Train it for three epochs",
            passed("1f", "Three epochs, validated on the test set", evidence=[shown_training(0)]),
            passed("1f", "Test accuracy in range", evidence=[shown_training(0), accuracy(0.7713)]),
        ),
        exercise(
            "2a",
            "Four convolutions",
            passed("2a", "Kx * IA", evidence=[grid("Kx * IA", EDGES, EDGES)]),
            passed("2a", "Ky * IA", evidence=[grid("Ky * IA", NOTHING, NOTHING)]),
            passed("2a", "Kx * IB", evidence=[grid("Kx * IB", NOTHING, NOTHING)]),
            passed("2a", "Ky * IB", evidence=[grid("Ky * IB", ROWS, ROWS)]),
        ),
        exercise("3c", "Count the parameters again", passed("3c", "3,330 parameters")),
        exercise("4b", "Adam instead of SGD", passed("4b", "Better than SGD"), bonus=True),
    ]
    return of_fashion_cnn(
        "bianca.rossi", *exercises, trainings=[dense_training(0), adam_training(1)]
    )


def make_losses() -> Result:
    """Make five checks lost in different ways, one that follows, an error, a hidden check."""
    exercises = [
        exercise("1a", "Turn images into vectors", passed("1a", "Fits see 784 inputs")),
        exercise(
            "1b",
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
            manual=question(
                "Why do the pixel values have to be scaled before training?",
                "Because neural networks like small numbers.\n\n"
                "With values up to 255 the loss was 2.3 the whole time and did not move, "
                "I think the weights\nget updates which are too large (dead ReLUs).",
                rubric=["1 point: links the size of the inputs to the weight updates."],
            ),
        ),
        exercise(
            "1c",
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
            manual=question("Why must the last layer have exactly 10 units?"),
        ),
        exercise(
            "1d",
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
            "Wider hidden layers",
            check(
                "1h",
                Outcome.NOT_ATTEMPTED,
                2,
                title="Both hidden layers have 64 units",
                message="No network with layers 64-64-10 was built.",
                expected="`Dense 64 relu`, `Dense 64 relu`, `Dense 10 softmax`",
                hint="Build and train a second network with 64 units in each hidden layer.",
            ),
            check("1h", Outcome.BLOCKED, title="It beats the small network"),
        ),
        exercise(
            "2a",
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
            "What the kernels see",
            manual=question(
                "Which feature of an image does Kx respond to, and which one does Ky?",
                "They find the edges in the picture.",
                score=0.5,
                rubric=["1 point: vertical and horizontal edges.", "0.5 points: only edges."],
            ),
        ),
        exercise(
            "3a",
            "Build a convolutional network",
            check(
                "3a",
                Outcome.ERROR,
                3,
                title="Two pairs of convolution and pooling, then ten outputs",
                message="KeyError: 'cnn.layers' in the expectations",
            ),
        ),
        exercise(
            "3b",
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
            "Adam instead of SGD",
            passed(
                "4b",
                "Adam reaches a higher accuracy than SGD",
                evidence=[shown_training(2), difference(0.0644)],
                flag=UNUSUALLY_HIGH,
            ),
            bonus=True,
            manual=question("Why does Adam reach a higher accuracy?", "It adapts the step size."),
        ),
    ]
    execution = Execution(
        status="timeout",
        message="The run was stopped after 30 minutes, in cell 31. What had run was graded.",
        cells=34,
        cells_failed=1,
        seconds=1800.0,
        device="cpu",
        isolation=WALLS,
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
        summary(
            1,
            title="784-20-20-10, SGD 0.005, batch 32",
            exercise="1g",
            cell=14,
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
        summary(
            4,
            title="784-64-64-10, SGD 10, batch 64",
            status="interrupted",
            items=20_000,
            history={"loss": [2.4, None, float("nan")], "val_loss": [2.31, None, None]},
            note="the network is a class of the student's own (MyNetwork)",
        ),
    ]
    return of_fashion_cnn("alice.smith", *exercises, trainings=trainings, execution=execution)


def make_unusable(student: str = "carl.unlucky") -> Result:
    sentence = (
        "notebook.ipynb: line 214 holds a git merge-conflict marker. Resolve the conflict (choose "
        "one version), check that the file opens and runs, and hand it in again."
    )
    return ungraded(student, "unusable", sentence)


COMMENT = "You name the reason.\nWhat follows from it?"
REASON = "Shown in the tutorial: <b>well done</b>."
LATE = (
    "Handed in 1 h 31 min after the deadline of 4 May 2026, 23:59 UTC+02:00: 0.8 points are taken "
    "off (10% of all points for each 24 h begun)."
)


def make_judged() -> Result:
    """Make 5.2 of 8 points: 2 by a check, 0.5 and 3.5 by a person, 0.8 taken off."""
    manual = question(answer="So.", score=0.5, judgement=judgement(0.5, COMMENT))
    whole = lost("1b", "They are scaled", points=5)
    return of_fashion_cnn(
        "dana.late",
        exercise("1a", "Turn images into vectors", passed("1a", "784", 2), manual=manual),
        exercise("1b", "Scale the pixels", whole, override=judgement(3.5, REASON), score=3.5),
        late=late(
            due="2026-05-04T23:59:00+02:00",
            submitted_at="2026-05-05T01:30:00+02:00",
            seconds=5460,
            deducted=0.8,
            message=LATE,
        ),
        score=5.2,
    )


def make_missing() -> Result:
    return missing("emil.absent", "Nothing was handed in.")


def make_class() -> list[Result]:
    """Make fourteen submissions in no order, two of them broken."""
    full = make_full_marks().model_copy(update={"score": 33, "points": 32})
    losses = make_losses().model_copy(update={"score": 14.9, "points": 32})
    results = [full, losses, make_unusable("carl.unlucky")]
    for number, score in enumerate([31, 24.5, 18, 22, 29, 26, 12, 27, 30, 25], start=1):
        submission = info("", f"team {number}", files=["notebook.ipynb"])
        base = full if score > 25 else losses
        results.insert(0, base.model_copy(update={"submission": submission, "score": score}))
    died = Execution(status="error", message="The process that ran it ended early (signal 9).")
    return [*results, of_fashion_cnn("dora", execution=died)]
