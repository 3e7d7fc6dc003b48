from __future__ import annotations

import io
import os

import numpy as np
import pytest

from graders.errors import RecordingError
from graders.recording import RecordingFolder
from graders.recording.schema import ArrayRecord, Cell, Recording
from tests.builders.recordings import npy, training, with_array, write


def refused(folder) -> str:
    with pytest.raises(RecordingError) as caught:
        RecordingFolder.open(folder)
    return str(caught.value)


def array_refused(recording: RecordingFolder) -> str:
    with pytest.raises(RecordingError) as caught:
        recording.array("a")
    return str(caught.value)


# -- recording.json -------------------------------------------------------------------------


def test_a_recording_is_read_as_it_was_written(tmp_path):
    written = Recording(
        status="complete",
        cells=[Cell(index=0, kind="code", source="größe = 1")],
        values={"answers": {"1d": 8070}},
        trainings=[training(history={"accuracy": [0.5, None]}, note="it has a loop of its own")],
    )
    assert RecordingFolder.open(write(tmp_path, written)).data == written


def test_a_missing_recording_says_so(tmp_path):
    assert refused(tmp_path).startswith("recording.json of the recording can't be used: No such")


def test_a_linked_recording_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = write(elsewhere) / "recording.json"
    (tmp_path / "recording.json").symlink_to(target)
    assert "it is not a regular file" in refused(tmp_path)


def test_a_folder_in_place_of_the_recording_is_refused(tmp_path):
    (tmp_path / "recording.json").mkdir()
    assert "it is not a regular file" in refused(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_place_of_the_recording_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "recording.json")
    assert "it is not a regular file" in refused(tmp_path)


def test_a_recording_beyond_the_limit_is_not_read(tmp_path):
    write(tmp_path)
    os.truncate(tmp_path / "recording.json", 64_000_001)
    assert "it has more than 64,000,000 bytes" in refused(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schema_version": 2}',
        b'{"schema_version": 1, "values": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_recording_of_this_version_is_refused(tmp_path, content):
    (tmp_path / "recording.json").write_bytes(content)
    assert refused(tmp_path).startswith("recording.json of the recording can't be used: ")


def test_a_refusal_repeats_no_content(tmp_path):
    (tmp_path / "recording.json").write_text('{"seconds": SECRET}', encoding="utf-8")
    assert "SECRET" not in refused(tmp_path)


@pytest.mark.parametrize("index", [None, -1, 1, 10**9])
def test_a_position_outside_the_submission_is_no_cell(tmp_path, index):
    written = Recording(cells=[Cell(index=0, kind="code", source="x")])
    assert RecordingFolder.open(write(tmp_path, written)).cell(index) is None


# -- arrays ---------------------------------------------------------------------------------


def test_an_array_is_read_with_its_type(tmp_path):
    recording = with_array(tmp_path, "a.npy", np.array([[1, 2], [3, 4]], dtype=np.uint8))
    found = recording.array("a")
    assert found is not None
    assert found.dtype == np.uint8
    assert found.tolist() == [[1, 2], [3, 4]]


def test_a_variable_that_held_no_array_has_none(tmp_path):
    assert RecordingFolder.open(write(tmp_path)).array("a") is None


def test_an_array_that_was_too_large_to_keep_has_no_file(tmp_path):
    record = ArrayRecord(shape=[10**9], dtype="float64", file=None)
    recording = RecordingFolder.open(write(tmp_path, Recording(arrays={"a": record})))
    assert recording.array("a") is None


def test_a_training_without_predictions_has_none(tmp_path):
    assert RecordingFolder.open(write(tmp_path)).predictions(training()) is None


def test_predictions_are_read_from_their_file(tmp_path):
    recording = with_array(tmp_path, "a.npy", np.array([9, 0, 9], dtype=np.uint8))
    found = recording.predictions(training(predictions="a.npy"))
    assert found is not None
    assert found.tolist() == [9, 0, 9]


def test_pickled_objects_are_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    recording = with_array(tmp_path, "a.npy", buffer.getvalue())
    assert "it is not an array of numbers" in array_refused(recording)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    "file",
    [
        "../a.npy",
        "../../etc/passwd",
        "/etc/hostname",
        "/tmp/a.npy",
        "./a.npy",
        "folder/a.npy",
        "..",
        "",
        "a.npz",
        "recording.json",
        "a.npy\x00.npy",
    ],
)
def test_a_file_name_that_leads_elsewhere_is_refused(tmp_path, file):
    inner = tmp_path / "inner"
    inner.mkdir()
    np.save(tmp_path / "a.npy", np.arange(3))
    recording = with_array(inner, "a.npy", np.arange(3))
    recording.data.arrays["a"].file = file or ".npy"
    assert "of the recording can't be used" in array_refused(recording)


def test_a_linked_array_is_not_followed(tmp_path):
    recording = with_array(tmp_path, "a.npy", np.arange(3))
    (tmp_path / "a.npy").rename(tmp_path / "b.npy")
    (tmp_path / "a.npy").symlink_to(tmp_path / "b.npy")
    assert "it is not a regular file" in array_refused(recording)


def test_a_missing_array_says_so(tmp_path):
    recording = with_array(tmp_path, "gone.npy", np.arange(3))
    assert array_refused(recording).startswith("gone.npy of the recording can't be used")


def test_an_array_beyond_the_limit_is_not_read(tmp_path):
    recording = with_array(tmp_path, "a.npy", np.arange(3))
    os.truncate(tmp_path / "a.npy", 8_010_001)
    assert "it has more than 8,010,000 bytes" in array_refused(recording)


def test_a_truncated_array_is_refused(tmp_path):
    recording = with_array(tmp_path, "a.npy", np.arange(100))
    os.truncate(tmp_path / "a.npy", 200)
    assert "it does not hold what its shape says" in array_refused(recording)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00\x76\x00",
        npy("{'descr': '<i8', 'fortran_order': False}"),
        npy("{'descr': 'wrong', 'fortran_order': False, 'shape': (1,), }"),
        npy("__import__('os').getcwd()"),
    ],
)
def test_damaged_array_files_are_refused(tmp_path, content):
    assert "it is not a NumPy array" in array_refused(with_array(tmp_path, "a.npy", content))


def test_a_header_that_promises_more_than_memory_holds_is_refused(tmp_path):
    content = npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000000,), }")
    assert "it does not hold what its shape says" in array_refused(
        with_array(tmp_path, "a.npy", content)
    )


def test_a_header_that_is_no_python_is_refused(tmp_path):
    recording = with_array(tmp_path, "a.npy", npy("{'descr': ((("))
    assert "it is not a NumPy array" in array_refused(recording)


def test_an_archive_under_the_name_of_an_array_is_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, x=np.arange(3))
    recording = with_array(tmp_path, "a.npy", buffer.getvalue())
    assert "it is not a NumPy array" in array_refused(recording)
