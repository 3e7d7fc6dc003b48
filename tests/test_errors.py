from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path

import pytest

from graders import errors
from graders.errors import (
    AssignmentError,
    ExpectationError,
    RecordingError,
    RunError,
    SubmissionError,
    TensormarkError,
)

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, Exception)
]


def test_every_exception_is_in_the_drawn_tree_and_no_other():
    drawn = re.findall(r"^(?:[├└]── )?(\w+Error) ", str(errors.__doc__), re.MULTILINE)
    assert sorted(drawn) == sorted(error.__name__ for error in CLASSES)
    assert len(drawn) == len(set(drawn))


def test_every_exception_can_be_caught_at_the_root():
    assert all(issubclass(error, TensormarkError) for error in CLASSES)


@pytest.mark.parametrize("error", CLASSES)
def test_every_exception_says_in_one_sentence_what_it_means(error):
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(error.__doc__).strip())


SUBMISSION = [
    SubmissionError.missing("hw.ipynb"),
    SubmissionError.empty("hw.ipynb"),
    SubmissionError.too_large("hw.ipynb", 80.2, 64.0),
    SubmissionError.not_utf8("hw.ipynb", 12_345),
    SubmissionError.merge_conflict("hw.ipynb", 214),
    SubmissionError.not_json("hw.ipynb", 7, "Expecting value"),
    SubmissionError.not_notebook("hw.ipynb", "it has no cells"),
    SubmissionError.other_language("hw.ipynb", "julia"),
    SubmissionError.no_code("hw.ipynb"),
    SubmissionError.unreadable_code("hw.ipynb"),
    SubmissionError.no_code_in_folder("hw.ipynb"),
    SubmissionError.several_files("hw.ipynb", ["a.ipynb", "b.ipynb"]),
    SubmissionError.wrong_type("hw.ipynb"),
    SubmissionError.among_submissions("hw.ipynb"),
    SubmissionError.unreadable("hw.ipynb", "Permission denied"),
    SubmissionError.not_a_file("hw.ipynb"),
    SubmissionError.damaged_archive("hw.ipynb"),
    SubmissionError.archive_too_large("hw.ipynb", 256.0),
    SubmissionError.too_many_members("hw.ipynb", 10_000),
    SubmissionError.bomb("hw.ipynb"),
    SubmissionError.leads_out("hw.ipynb", "../a.ipynb"),
    SubmissionError.odd_name("hw.ipynb", "a?.ipynb"),
    SubmissionError.twice_in_archive("hw.ipynb", "a.ipynb"),
    SubmissionError.encrypted("hw.ipynb"),
    SubmissionError.other_compression("hw.ipynb"),
    SubmissionError.no_code_in_archive("hw.ipynb"),
    SubmissionError.only_archives("hw.ipynb", "inner.zip"),
]


def test_every_way_to_refuse_a_submission_is_tested_here():
    made = [name for name, _ in inspect.getmembers(SubmissionError, inspect.ismethod)]
    assert len(SUBMISSION) == len([name for name in made if name in vars(SubmissionError)])


@pytest.mark.parametrize("error", SUBMISSION, ids=str)
def test_a_refused_submission_is_named_and_the_sentence_is_whole(error):
    message = str(error)
    assert message.startswith("hw.ipynb: ")
    assert message.endswith((".", ")."))
    assert "\n" not in message


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SubmissionError.too_large("a.ipynb", 80.2, 64.0), ["80 MB", "64 MB"]),
        (SubmissionError.not_utf8("a.ipynb", 12_345), ["byte 12,345"]),
        (SubmissionError.merge_conflict("a.ipynb", 214), ["line 214"]),
        (SubmissionError.not_json("a.ipynb", 7, "Expecting value"), ["line 7", "Expecting value"]),
        (
            SubmissionError.several_files("a", ["a.ipynb", "b.ipynb"]),
            ["2 cand", "a.ipynb, b.ipynb"],
        ),
        (AssignmentError.unknown("x", ["fashion_cnn"]), ["'x'", "fashion_cnn"]),
        (AssignmentError.unknown("x", []), ["none"]),
        (AssignmentError.points_differ("1c", 3, 2.5), ["1c", "3 points", "2.5"]),
        (AssignmentError.invalid(Path("a/assignment.toml"), "no id"), ["assignment.toml", "no id"]),
        (RunError.died("ended by SIGKILL"), ["ended by SIGKILL", "TA"]),
        (RunError.no_recording("it is missing"), ["it is missing"]),
        (RecordingError.unreadable(Path("x/recording.json"), "too large"), ["recording.json"]),
        (
            ExpectationError.unknown("k", Path("x/fashion_cnn.json")),
            ["'k'", "fashion_cnn.json", "tensormark calibrate"],
        ),
        (
            ExpectationError.missing(Path("x/sheet.json"), "sheet"),
            ["x/sheet.json", "tensormark calibrate sheet"],
        ),
        (
            ExpectationError.damaged(Path("x/sheet.json"), "no scores"),
            ["x/sheet.json", "no scores", "version control"],
        ),
        (
            ExpectationError.read_only(Path("x/sheet.json"), "Permission denied"),
            ["x/sheet.json", "Permission denied", "pip install -e"],
        ),
        (ExpectationError.no_reference("sheet"), ["sheet", "reference.sheet"]),
        (ExpectationError.no_experiment("tiny", ["small", "wide"]), ["'tiny'", "small, wide"]),
        (ExpectationError.process_died(), ["memory", "is kept", "fewer workers"]),
    ],
)
def test_a_message_holds_what_a_person_needs(error, words):
    assert [word for word in words if word not in str(error)] == []


def test_a_long_list_of_candidates_is_cut():
    error = SubmissionError.several_files("alice", [f"{n}.ipynb" for n in range(500)])
    assert "500 candidates" in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize("error", SUBMISSION, ids=str)
def test_errors_survive_the_way_between_processes(error):
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy)) == (type(error), str(error))
