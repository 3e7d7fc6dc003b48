"""A person's score is entered only where it can be meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import GradebookError
from graders.gradebook import Gradebook
from graders.gradebook.enter import Desk, Entry, points_of, unread
from graders.result import Outcome, Result
from graders.settle import answer_digest
from tests.builders.results import SHA, answered, check, info


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def hand_in(book: Gradebook, out: Path, key: str, name: str, made: Result | None = None) -> Path:
    folder = out / book.enrol(key, name, ids={"sid": key.partition(":")[2]})
    folder.mkdir(exist_ok=True)
    of = info(key, name=name)
    (made or answered(of)).save(folder / "result.json")
    return folder


def enter(book: Gradebook, out: Path, student: str = "Ana", exercise: str = "1b", **entry):
    entry.setdefault("points", 1.0)
    return Desk(book, out).enter(Entry(student, exercise, **entry))


@pytest.fixture
def ana(book: Gradebook, out: Path) -> Path:
    return hand_in(book, out, "name:ana", "Ana")


# -- who ------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["name:ana", "Ana", "ANA", " ana ", "ana"])
def test_a_student_is_found_by_key_folder_or_name(book, out, ana, said):
    assert Desk(book, out).find(said).key == "name:ana"


def test_a_student_is_found_by_the_longest_key(book, out):
    for last in "ab":
        book.enrol(f"name:{'x' * 9999}{last}", "Bo", ids={})
    assert Desk(book, out).find(f"name:{'x' * 9999}b").key.endswith("b")


def test_a_student_is_found_by_id(book, out):
    hand_in(book, out, "sid:4711", "Bo")
    assert Desk(book, out).find("4711").name == "Bo"


def test_a_student_is_found_by_the_name_that_a_spreadsheet_was_given(book, out):
    book.enrol("canvas:1", "=HYPERLINK(1)", ids={})
    assert Desk(book, out).find("'=HYPERLINK(1)").key == "canvas:1"


def test_a_name_that_several_have_is_refused_with_their_keys(book, out):
    book.enrol("canvas:1", "Bo", ids={})
    book.enrol("canvas:2", "bo", ids={})
    with pytest.raises(GradebookError, match="canvas:1, canvas:2"):
        Desk(book, out).find("Bo")


def test_a_key_is_nobody_elses_name(book, out):
    book.enrol("canvas:1", "name:ana", ids={})
    assert Desk(book, out).find("name:ana").name == "Ana"


def test_an_unknown_name_is_told_the_nearest(book, out):
    book.enrol("canvas:1", "Cleopatra", ids={})
    with pytest.raises(GradebookError, match=r"'Cleopatr'.* Did you mean Cleopatra\?"):
        Desk(book, out).find("Cleopatr")


def test_the_table_of_another_class_is_not_compared_with_everybody(book, out, monkeypatch):
    looked = []
    monkeypatch.setattr(
        "graders.gradebook.enter.get_close_matches", lambda *said: looked.append(said) or []
    )
    desk = Desk(book, out)
    for n in range(100):
        with pytest.raises(GradebookError):
            desk.find(f"stranger {n}")
    assert len(looked) == 20


# -- what -----------------------------------------------------------------------------------


def test_a_score_is_kept_with_what_was_read(book, out, ana):
    enter(book, out, comment="Good.", by="kim")
    (said,) = book.judgements("name:ana")
    assert (said.exercise, said.kind, said.score) == ("1b", "manual", 1.0)
    assert (said.comment, said.by) == ("Good.", "kim")
    assert said.answer_sha256 == answer_digest("Because of the gradients.")
    assert said.submission_sha256 == SHA


def test_the_whole_exercise_is_overridden_for_this_submission(book, out, ana):
    enter(book, out, exercise="1a", points=2.0, whole=True)
    (said,) = book.judgements("name:ana")
    assert (said.kind, said.score) == ("override", 2.0)
    assert (said.answer_sha256, said.submission_sha256) == ("", SHA)


@pytest.mark.parametrize(("whole", "limit"), [(False, 1), (True, 3)])
def test_no_more_points_than_there_are(book, out, ana, whole, limit):
    enter(book, out, points=float(limit), whole=whole)
    with pytest.raises(GradebookError, match=f"name 0 to {limit}"):
        enter(book, out, points=limit + 0.01, whole=whole)


@pytest.mark.parametrize("points", [-0.5, float("nan"), float("inf")])
def test_no_impossible_points(book, out, ana, points):
    with pytest.raises(GradebookError, match="not possible"):
        enter(book, out, points=points)
    assert book.judgements("name:ana") == []


def test_an_exercise_is_found_in_any_case(book, out, ana):
    assert enter(book, out, exercise=" 1B ").exercise == "1b"


def test_an_unknown_exercise_is_told_the_known_ones(book, out, ana):
    with pytest.raises(GradebookError, match=r"'9z'.* 1a, 1b"):
        enter(book, out, exercise="9z")


def test_an_exercise_without_a_question_is_scored_whole_only(book, out, ana):
    with pytest.raises(GradebookError, match=r"1a has no part .* 1b\).* --whole"):
        enter(book, out, exercise="1a")


def test_the_same_said_twice_is_kept_once(book, out, ana):
    news = [enter(book, out, comment="Good.").new for _ in range(2)]
    assert news == [True, False]
    assert len(book.judgements("name:ana")) == 1


def test_the_same_said_of_another_answer_is_new(book, out, ana):
    enter(book, out)
    answered(answer="Another one.").save(ana / "result.json")
    assert enter(book, out).new


def test_what_was_changed_and_changed_back_is_kept_each_time(book, out, ana):
    for points in (1.0, 0.5, 1.0):
        enter(book, out, points=points)
    assert [said.score for said in book.judgements("name:ana")] == [1.0, 0.5, 1.0]


def test_a_withdrawal_is_added_to_the_history(book, out, ana):
    enter(book, out)
    assert enter(book, out, points=None).new
    assert [said.score for said in book.judgements("name:ana")] == [1.0, None]


def test_nothing_is_withdrawn_where_nothing_was_said(book, out, ana):
    assert not enter(book, out, points=None).new
    assert book.judgements("name:ana") == []


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe"])
def test_a_student_whose_result_cannot_be_read_is_not_scored(book, out, ana, content):
    (ana / "result.json").unlink()
    if content is not None:
        (ana / "result.json").write_bytes(content)
    with pytest.raises(GradebookError, match=r"result\.json is missing or can't be read"):
        enter(book, out)


def test_a_result_behind_a_link_is_not_read(book, out, ana, tmp_path):
    (ana / "result.json").rename(tmp_path / "elsewhere.json")
    (ana / "result.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(GradebookError, match="can't be read"):
        enter(book, out)


def test_a_result_of_somebody_else_is_not_scored(book, out, ana):
    answered(info("canvas:9")).save(ana / "result.json")
    with pytest.raises(GradebookError, match="can't be read"):
        enter(book, out)


# -- points ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "points"), [("1", 1), (" 1.5 ", 1.5), ("1,5", 1.5), (".5", 0.5), ("2.", 2), ("0", 0)]
)
def test_points_are_read_as_people_write_them(said, points):
    assert points_of(said) == points


@pytest.mark.parametrize(
    "said", ["", "one", "nan", "inf", "1e3", "1_0", "1.000,5", "1.2.3", "0x1", "٣", "9" * 9999]
)
def test_what_is_no_number_is_refused(said):
    with pytest.raises(GradebookError, match="is not a number of points"):
        points_of(said)


@given(st.text(max_size=30))
def test_any_text_is_a_finite_number_or_refused(said):
    try:
        points = points_of(said)
    except GradebookError:
        return
    assert abs(points) < 10_000_000


# -- what waits -----------------------------------------------------------------------------


def test_what_waits_is_counted_by_exercise(book):
    (waiting,) = unread([answered(), answered(info("name:bo"))])
    assert (waiting.exercise, waiting.students, waiting.points) == ("1b", 2, 2.0)


def test_what_the_checks_left_open_waits_for_nobody_to_read():
    made = answered()
    made.exercises[1].pending = 2.0
    made.exercises[1].checks = [check("1b", Outcome.ERROR, 2)]
    assert unread([made]) == []


def test_what_the_grader_failed_on_waits_for_nobody_to_read():
    assert unread([answered(status="error")]) == []
