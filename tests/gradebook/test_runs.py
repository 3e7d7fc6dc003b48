"""Runs, their results, and what is the newest."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from graders.errors import GradebookError
from graders.gradebook import Gradebook
from graders.result import Handed
from tests.builders.classes import record
from tests.builders.results import OTHER_SHA, SHA, answered, info


def run(book: Gradebook, *, sha256: str = SHA, run_key: str = "run", score: float = 1.5) -> int:
    """Grade Ana's submission."""
    of = info(sha256=sha256)
    attempt = book.begin("name:ana", of, run_key, "lab-1")
    book.finish(attempt, answered(of, score=score), "checks", 12.5)
    return attempt


def count(book: Gradebook, table: str) -> int:
    with book._engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def what(book: Gradebook) -> list[str]:
    return [event.what for event in book.history("name:ana")]


def test_who_has_no_result_has_no_latest(book):
    book.begin("name:ana", info(), "run")
    assert book.latest("name:ana") is None
    assert list(book.latest_all()) == []


def test_latest_says_what_the_result_rests_on(book):
    attempt = run(book)
    latest = book.latest("name:ana")
    assert (latest.submission_sha256, latest.run_key, latest.checks_key) == (SHA, "run", "checks")
    assert (latest.attempt, latest.folder, latest.status) == (attempt, "Ana", "complete")


def test_latest_has_the_figures_of_the_result(book):
    attempt = book.begin("name:ana", info(), "run")
    book.finish(attempt, answered(score=2.0, deducted=0.25), "checks")
    latest = book.latest("name:ana")
    figures = (latest.score, latest.points, latest.pending, latest.late_points)
    assert figures == (2.0, 5.0, 1.0, 0.25)


def test_the_result_that_came_last_is_the_latest(book):
    run(book)
    run(book, sha256=OTHER_SHA)
    assert book.latest("name:ana").submission_sha256 == OTHER_SHA


def test_latest_of_all_is_each_ones_latest(book):
    run(book)
    record(book, "name:bo", "Bo")
    assert {one.key: one for one in book.latest_all()} == {
        key: book.latest(key) for key in ("name:ana", "name:bo")
    }


def test_one_may_write_while_going_through_the_latest(book):
    run(book)
    for latest in book.latest_all():
        book.record(latest.key, info(), "run", answered(score=0.5), "checks")
    assert book.latest("name:ana").score == 0.5


def test_outlines_come_back_whole_and_by_name(book):
    for key, name in (("name:bo", "bo"), ("name:abe", "Abe")):
        record(book, key, name, deducted=0.5)
    book.enrol("name:none", "Nobody", ids={})
    found = list(book.outlines())
    assert [student.name for student, _ in found] == ["Abe", "bo"]
    assert found[0][1] == answered(info("name:abe", "Abe"), deducted=0.5)


def test_an_outline_that_cannot_be_read_is_the_graders_error_and_costs_no_points(book):
    run(book)
    with book._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER results_stay_update"))
        connection.execute(text("UPDATE results SET outline = '{}'"))
    ((_, found),) = book.outlines()
    assert (found.execution.status, found.score) == ("error", 1.5)
    assert "tensormark regrade" in found.execution.message


def test_outlines_of_a_class_larger_than_a_page_are_all_there(book):
    with book.together():
        for n in range(150):
            record(book, f"name:{n}", f"s{n}")
    found = [(student.name, made.submission.student) for student, made in book.outlines()]
    assert found == [(f"s{n}", f"s{n}") for n in range(150)]


def test_a_run_that_was_killed_is_interrupted(book):
    book.begin("name:ana", info(), "run")
    assert book.interrupt_running() == 1
    assert what(book) == ["seen", "begun", "interrupted"]


def test_interrupting_leaves_finished_runs_alone(book):
    run(book)
    assert book.interrupt_running() == 0


def test_a_result_is_overtaken_where_a_later_run_has_no_end(book):
    run(book)
    book.begin("name:ana", info(), "run")
    book.interrupt_running()
    assert book.latest("name:ana").overtaken


def test_a_result_is_not_overtaken_by_a_run_before_it(book):
    book.begin("name:ana", info(), "run")
    book.interrupt_running()
    run(book)
    assert not book.latest("name:ana").overtaken


def test_a_result_is_not_overtaken_by_a_later_run_that_has_its_own_result(book):
    first = run(book)
    run(book, sha256=OTHER_SHA)
    assert book.record("name:ana", info(), "run", answered(score=1), "checks") == first
    assert not book.latest("name:ana").overtaken


def test_a_recorded_result_belongs_to_the_run_that_was_interrupted_before_it_was_noted(book):
    attempt = book.begin("name:ana", info(), "run")
    book.interrupt_running()
    assert book.record("name:ana", info(), "run", answered(), "checks") == attempt
    assert what(book) == ["seen", "begun", "finished", "graded"]


def test_a_recorded_result_leaves_a_run_that_is_under_way_alone(book):
    under_way = book.begin("name:ana", info(), "run")
    assert book.record("name:ana", info(), "run", answered(), "checks") != under_way
    assert book.interrupt_running() == 1


def test_regrading_adds_a_result_to_the_same_run(book):
    attempt = run(book)
    assert book.record("name:ana", info(), "run", answered(score=1), "other checks") == attempt
    assert (count(book, "attempts"), count(book, "results")) == (1, 2)


def test_the_same_result_is_recorded_once(book):
    for _ in range(3):
        book.record("name:ana", info(), "run", answered(), "checks")
    assert (count(book, "attempts"), count(book, "results")) == (1, 1)


def test_an_older_result_that_counts_again_becomes_the_latest(book):
    for sha256 in (SHA, OTHER_SHA, SHA):
        of = info(sha256=sha256)
        book.record("name:ana", of, "run", answered(of), "checks")
    assert book.latest("name:ana").submission_sha256 == SHA


def test_another_way_to_run_is_another_run(book):
    first = run(book)
    assert book.record("name:ana", info(), "other run", answered(), "checks") != first


def test_the_same_content_handed_in_again_is_one_submission_with_its_newest_time(book):
    for day in ("01", "02"):
        handed = Handed.model_validate({"submitted_at": f"2026-03-{day}T12:00:00Z"})
        book.begin("name:ana", info(handed=handed), "run")
    with book._engine.connect() as connection:
        handed = connection.execute(text("SELECT handed FROM submissions")).scalar_one()
    assert "2026-03-02" in handed


def test_why_a_submission_is_unusable_is_kept_until_it_can_be_used(book):
    problems = []
    for status in ("unusable", "complete"):
        book.record("name:ana", info(), "run", answered(status=status), "checks")
        with book._engine.connect() as connection:
            problems.append(connection.execute(text("SELECT problem FROM submissions")).scalar())
    assert problems == ["It is empty.", ""]


def test_history_tells_everything_in_order(book):
    run(book)
    book.judge("name:ana", "1b", "manual", 1, comment="Good.", by="kim")
    book.judge("name:ana", "1b", "manual", None, comment="", by="kim")
    events = book.history("name:ana")
    assert [e.what for e in events] == ["seen", "begun", "finished", "graded", "judged", "judged"]
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert (events[1].about, events[3].score, events[4].comment) == ("lab-1", 1.5, "Good.")


def test_times_are_utc_with_offset(book):
    run(book)
    assert all(event.at.endswith("+00:00") for event in book.history("name:ana"))


def test_a_run_of_somebody_unknown_is_refused(book):
    with pytest.raises(GradebookError, match="'name:bo'"):
        book.begin("name:bo", info(), "run")


def test_the_end_of_a_run_that_never_began_is_refused(book):
    with pytest.raises(GradebookError, match="run 99 is not in it"):
        book.finish(99, answered(), "checks")


def test_an_error_takes_everything_of_its_transaction_back(book):
    def enrol_one_and_stumble() -> None:
        with book.together():
            book.enrol("name:bo", "Bo", ids={})
            book.begin("name:cleo", info(), "run")

    with pytest.raises(GradebookError):
        enrol_one_and_stumble()
    assert [student.name for student in book.students()] == ["Ana"]


def test_an_error_of_ones_own_in_a_transaction_is_not_blamed_on_the_gradebook(book):
    with pytest.raises(PermissionError), book.together():
        raise PermissionError


def test_everything_is_there_when_it_is_opened_again(book, tmp_path: Path):
    run(book)
    book.judge("name:ana", "1b", "manual", 1, comment="", by="kim")
    before = (book.students(), book.latest("name:ana"), book.history("name:ana"))
    book.close()
    with Gradebook.open(tmp_path / "out", create=False) as again:
        assert (again.students(), again.latest("name:ana"), again.history("name:ana")) == before
