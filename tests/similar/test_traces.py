"""What is read from a student's folder of results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graders.similar import Traces, fingerprint_of
from graders.training.entry import Measured, Trained, save_trained
from tests.builders.copies import cells_of, taken, written
from tests.builders.recordings import ran
from tests.builders.results import info
from tests.builders.trainings import entry, measured, trained

GUESSES = (np.arange(10_000) % 10).astype(np.uint8)


def folder_of(folder: Path, *, sources: list[str] | None = None, file: str = "work.ipynb") -> Path:
    """A folder with a run.json."""
    of = info("", "Student One", files=[file], sha256="f" * 64)
    ran(of=of, cells=cells_of(*(written(0) if sources is None else sources))).save(folder)
    (folder / "trained").mkdir()
    return folder


def started(start: str, fingerprint: str = "a" * 64, given: str = "") -> Trained:
    return trained(start=start, entry=entry(fingerprint), given=given)


def predicting(folder: Path, classes: NDArray[Any], accuracy: float | None) -> Measured:
    np.save(folder / "trained" / "predictions-0.npy", classes)
    return measured(0, accuracy)


def weights_of(folder: Path) -> tuple[str, ...]:
    found = fingerprint_of(folder, frozenset())
    assert found is not None
    return found.weights


def test_code_and_file_are_read_from_the_run(tmp_path: Path) -> None:
    found = fingerprint_of(folder_of(tmp_path), frozenset())

    assert found == Traces(taken(written(0), file="f" * 64), ())


def test_the_cells_of_a_script_are_one_text(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder, apart in zip(folders, ("\n", "\n\n"), strict=True):
        folder.mkdir()
        folder_of(folder, sources="\n".join(written(0)).split(apart), file="Work.PY")

    one, other = (fingerprint_of(folder, frozenset()) for folder in folders)

    assert one == other != None  # noqa: E711


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"assignment": 1}'])
def test_a_damaged_run_leaves_no_traces(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)

    assert fingerprint_of(tmp_path, frozenset()) is None


def test_damaged_trainings_leave_no_traces(tmp_path: Path) -> None:
    (folder_of(tmp_path) / "trained" / "trainings.json").write_text("[{")

    assert fingerprint_of(tmp_path, frozenset()) is None


def test_a_folder_that_is_not_there_leaves_no_traces(tmp_path: Path) -> None:
    assert fingerprint_of(tmp_path / "nobody", frozenset()) is None


@pytest.mark.parametrize("start", ["fresh", "continued", "transferred"])
def test_what_the_grader_trained_from_fresh_is_nobodys_own(tmp_path: Path, start: str) -> None:
    save_trained([started(start)], folder_of(tmp_path) / "trained")

    assert weights_of(tmp_path) == ()


def test_weights_that_were_brought_along_are_named_whatever_was_trained(tmp_path: Path) -> None:
    brought = [started("given", "a" * 64, "b" * 64), started("given", "c" * 64, "b" * 64)]
    save_trained(brought, folder_of(tmp_path) / "trained")

    assert weights_of(tmp_path) == ("given:" + "b" * 64,)


def test_a_network_of_ones_own_is_named_by_what_it_says_of_the_test_items(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    save_trained([predicting(folder, GUESSES, 0.87)], folder / "trained")
    one = weights_of(folder)
    other = GUESSES.copy()
    other[0] = 5
    save_trained([predicting(folder, other, 0.87)], folder / "trained")

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
    folder = folder_of(tmp_path)
    save_trained([predicting(folder, classes, accuracy)], folder / "trained")

    assert weights_of(folder) == ()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x80\x04]."])
def test_damaged_predictions_name_nothing(tmp_path: Path, content: bytes) -> None:
    folder = folder_of(tmp_path)
    save_trained([predicting(folder, GUESSES, 0.87)], folder / "trained")
    (folder / "trained" / "predictions-0.npy").write_bytes(content)

    assert weights_of(folder) == ()


def test_with_a_fixed_seed_the_same_weights_tell_nothing(tmp_path: Path) -> None:
    sources = ["keras.utils.set_random_seed(42)", *written(0)]
    folder = folder_of(tmp_path, sources=sources)
    save_trained([started("given")], folder / "trained")

    assert weights_of(folder) == ()


def test_with_a_fixed_seed_weights_from_a_file_tell_all_the_same(tmp_path: Path) -> None:
    sources = ["keras.utils.set_random_seed(42)\nmodel.load_weights('mine.h5')", *written(0)]
    folder = folder_of(tmp_path, sources=sources)
    save_trained([started("given")], folder / "trained")

    assert weights_of(folder) != ()
