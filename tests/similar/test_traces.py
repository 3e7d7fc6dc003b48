"""What is read from a student's folder of results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graders.ran import Ran
from graders.recording.schema import PairRecord
from graders.result import SubmissionInfo
from graders.similar import Traces, fingerprint_of
from graders.training.entry import (
    Entry,
    Measured,
    MeasuredNetwork,
    NetworkFacts,
    Trained,
    save_trained,
)
from graders.training.request import Setting

from .made_up import cells_of, taken, written

NETWORK = NetworkFacts(layers=[], chain=True, parameters=0, trainable=0)
GUESSES = (np.arange(10_000) % 10).astype(np.uint8)


def ran(folder: Path, *, sources: list[str] | None = None, file: str = "work.ipynb") -> Path:
    """A folder with a run.json."""
    info = SubmissionInfo(student="Student One", files=[file], sha256="f" * 64)
    cells = cells_of(*(written(0) if sources is None else sources))
    Ran(assignment="fashion_cnn", submission=info, cells=cells).save(folder)
    (folder / "trained").mkdir()
    return folder


def trained(start: Any, fingerprint: str = "a" * 64, given: str = "") -> Trained:
    entry = Entry(
        fingerprint=fingerprint,
        setting=Setting(versions={}),
        network=NETWORK,
        data=PairRecord(),
        batch_size=32,
        names=[],
        logs=[],
        weights=[],
        slots=[],
        operations=0,
        seconds=0,
    )
    return Trained(
        request=0,
        cell=None,
        model=None,
        entry=entry,
        reused=False,
        start=start,
        given=given,
        epochs=1,
    )


def measured(folder: Path, classes: NDArray[Any], accuracy: float | None) -> Measured:
    np.save(folder / "trained" / "predictions-0.npy", classes)
    found = MeasuredNetwork(network=NETWORK, measured={"test_accuracy": accuracy}, operations=0)
    return Measured(request=0, cell=None, model=None, found=found, predictions="predictions-0.npy")


def weights_of(folder: Path) -> tuple[str, ...]:
    found = fingerprint_of(folder, frozenset())
    assert found is not None
    return found.weights


def test_code_and_file_are_read_from_the_run(tmp_path: Path) -> None:
    found = fingerprint_of(ran(tmp_path), frozenset())

    assert found == Traces(taken(written(0), file="f" * 64), ())


def test_the_cells_of_a_script_are_one_text(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder, apart in zip(folders, ("\n", "\n\n"), strict=True):
        folder.mkdir()
        ran(folder, sources="\n".join(written(0)).split(apart), file="Work.PY")

    one, other = (fingerprint_of(folder, frozenset()) for folder in folders)

    assert one == other != None  # noqa: E711


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"assignment": 1}'])
def test_a_damaged_run_leaves_no_traces(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)

    assert fingerprint_of(tmp_path, frozenset()) is None


def test_damaged_trainings_leave_no_traces(tmp_path: Path) -> None:
    (ran(tmp_path) / "trained" / "trainings.json").write_text("[{")

    assert fingerprint_of(tmp_path, frozenset()) is None


def test_a_folder_that_is_not_there_leaves_no_traces(tmp_path: Path) -> None:
    assert fingerprint_of(tmp_path / "nobody", frozenset()) is None


@pytest.mark.parametrize("start", ["fresh", "continued", "transferred"])
def test_what_the_grader_trained_from_fresh_is_nobodys_own(tmp_path: Path, start: str) -> None:
    save_trained([trained(start)], ran(tmp_path) / "trained")

    assert weights_of(tmp_path) == ()


def test_weights_that_were_brought_along_are_named_whatever_was_trained(tmp_path: Path) -> None:
    brought = [trained("given", "a" * 64, "b" * 64), trained("given", "c" * 64, "b" * 64)]
    save_trained(brought, ran(tmp_path) / "trained")

    assert weights_of(tmp_path) == ("given:" + "b" * 64,)


def test_a_network_of_ones_own_is_named_by_what_it_says_of_the_test_items(tmp_path: Path) -> None:
    folder = ran(tmp_path)
    save_trained([measured(folder, GUESSES, 0.87)], folder / "trained")
    one = weights_of(folder)
    other = GUESSES.copy()
    other[0] = 5
    save_trained([measured(folder, other, 0.87)], folder / "trained")

    assert len(one) == 1
    assert len(weights_of(folder)) == 1
    assert weights_of(folder) != one


@pytest.mark.parametrize(
    ("classes", "accuracy"),
    [
        (np.zeros(10_000, np.uint8), 0.1),  # all alike
        (GUESSES, 0.99),  # nearly all right, as any good network
        (GUESSES, 0.03),  # hardly any right
        (GUESSES, None),
        (GUESSES.astype(np.float32), 0.87),
        (np.array([], np.uint8), 0.5),
    ],
)
def test_predictions_that_tell_too_little_name_nothing(
    tmp_path: Path, classes: NDArray[Any], accuracy: float | None
) -> None:
    folder = ran(tmp_path)
    save_trained([measured(folder, classes, accuracy)], folder / "trained")

    assert weights_of(folder) == ()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x80\x04]."])
def test_damaged_predictions_name_nothing(tmp_path: Path, content: bytes) -> None:
    folder = ran(tmp_path)
    save_trained([measured(folder, GUESSES, 0.87)], folder / "trained")
    (folder / "trained" / "predictions-0.npy").write_bytes(content)

    assert weights_of(folder) == ()


def test_with_a_fixed_seed_the_same_weights_tell_nothing(tmp_path: Path) -> None:
    sources = ["keras.utils.set_random_seed(42)", *written(0)]
    folder = ran(tmp_path, sources=sources)
    save_trained([trained("given")], folder / "trained")

    assert weights_of(folder) == ()


def test_with_a_fixed_seed_weights_from_a_file_tell_all_the_same(tmp_path: Path) -> None:
    sources = ["keras.utils.set_random_seed(42)\nmodel.load_weights('mine.h5')", *written(0)]
    folder = ran(tmp_path, sources=sources)
    save_trained([trained("given")], folder / "trained")

    assert weights_of(folder) != ()
