from __future__ import annotations

import os
from pathlib import Path

import pytest

from graders.errors import SubmissionError
from graders.submission import Submission, find_submissions, submission


def write(path: Path, text: str = "x = 1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def students(*paths: Path) -> list[str]:
    return [submission.student for submission in find_submissions(paths)]


def problems(*paths: Path) -> dict[str, str | None]:
    return {submission.student: submission.problem for submission in find_submissions(paths)}


def test_a_file_is_one_submission_named_after_its_stem(tmp_path):
    path = write(tmp_path / "alice.ipynb")
    assert find_submissions([path]) == [Submission("alice", path)]


def test_submissions_are_listed_by_name_in_whatever_order_they_were_named(tmp_path):
    paths = [write(tmp_path / name) for name in ("carol.py", "Bob.py", "alice.ipynb")]
    assert students(*paths) == ["alice", "Bob", "carol"]


def test_a_folder_of_files_is_a_class_in_alphabetical_order(tmp_path):
    for name in ("bob.py", "alice.ipynb", "notes.txt", "data.csv"):
        write(tmp_path / name)
    assert students(tmp_path) == ["alice", "bob"]


def test_a_folder_per_student_gives_each_the_folders_name(tmp_path):
    alice = write(tmp_path / "alice" / "hw.ipynb")
    bob = write(tmp_path / "bob" / "solution.py")
    assert find_submissions([tmp_path]) == [Submission("alice", alice), Submission("bob", bob)]


def test_a_notebook_deep_inside_a_students_folder_is_found(tmp_path):
    path = write(tmp_path / "alice" / "week 10" / "work" / "hw.ipynb")
    assert find_submissions([tmp_path]) == [Submission("alice", path)]


def test_files_and_folders_may_be_mixed(tmp_path):
    write(tmp_path / "alice.ipynb")
    write(tmp_path / "bob" / "hw.ipynb")
    assert students(tmp_path) == ["alice", "bob"]


def test_endings_are_read_in_any_case(tmp_path):
    write(tmp_path / "ALICE.IPYNB")
    assert students(tmp_path) == ["ALICE"]


@pytest.mark.parametrize(
    "passed_over",
    [
        ".ipynb_checkpoints/hw-checkpoint.ipynb",
        "__pycache__/hw.py",
        "__MACOSX/hw.ipynb",
        "venv/lib/site.py",
        "env/lib/site.py",
        ".venv/lib/site.py",
        "lib/site-packages/numpy.py",
        "node_modules/x.py",
        ".hidden.ipynb",
        "._hw.ipynb",
    ],
)
def test_what_is_no_work_of_the_student_is_passed_over(tmp_path, passed_over):
    path = write(tmp_path / "alice" / "hw.ipynb")
    write(tmp_path / "alice" / passed_over)
    assert find_submissions([tmp_path]) == [Submission("alice", path)]


def test_links_lead_nowhere(tmp_path):
    secret = write(tmp_path / "secret" / "solution.ipynb")
    folder = tmp_path / "class"
    path = write(folder / "alice" / "hw.ipynb")
    (folder / "alice" / "link.ipynb").symlink_to(secret)
    (folder / "alice" / "more").symlink_to(secret.parent)
    (folder / "bob").symlink_to(secret.parent)
    assert find_submissions([folder]) == [Submission("alice", path)]


def test_a_link_that_leads_in_a_circle_is_not_followed(tmp_path):
    path = write(tmp_path / "alice" / "hw.ipynb")
    (tmp_path / "alice" / "again").symlink_to(tmp_path)
    assert find_submissions([tmp_path]) == [Submission("alice", path)]


def test_a_script_beside_a_notebook_is_its_helper(tmp_path):
    path = write(tmp_path / "alice" / "hw.ipynb")
    helper = write(tmp_path / "alice" / "helpers.py", "y = 2\n")
    (found,) = find_submissions([tmp_path])
    assert (found.path, found.beside) == (path, (("helpers.py", helper),))
    assert found.chosen == "hw.ipynb was graded; helpers.py lay beside it."


def test_several_notebooks_of_one_student_are_named_and_the_student_is_kept(tmp_path):
    write(tmp_path / "alice" / "a.ipynb")
    write(tmp_path / "alice" / "old" / "b.ipynb", "y = 2\n")
    problem = problems(tmp_path)["alice"]
    assert problem is not None
    assert "2 candidates (a.ipynb, " in problem
    assert str(Path("old/b.ipynb")) in problem


def test_a_students_folder_without_code_is_kept_with_its_problem(tmp_path):
    write(tmp_path / "alice" / "report.pdf")
    write(tmp_path / "bob" / "hw.ipynb")
    found = problems(tmp_path)
    assert "alice: the folder holds no notebook (.ipynb) and no script (.py)." in str(
        found["alice"]
    )
    assert found["bob"] is None


def test_an_empty_folder_is_one_submission_with_a_problem(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    assert "holds no notebook" in str(problems(folder)["empty"])


def test_a_file_of_another_type_is_kept_with_its_problem(tmp_path):
    path = write(tmp_path / "alice.pdf")
    assert problems(path) == {
        "alice": "alice.pdf: only notebooks (.ipynb) and Python scripts (.py) can be graded, also "
        "in a .zip or .tar.gz that holds one of them."
    }


def test_a_path_that_does_not_exist_is_said_at_once(tmp_path):
    with pytest.raises(SubmissionError, match=r"nobody\.ipynb: there is no such file"):
        find_submissions([tmp_path / "nobody.ipynb"])


def test_two_files_of_one_stem_get_two_names(tmp_path):
    write(tmp_path / "work.ipynb")
    write(tmp_path / "work.py")
    assert students(tmp_path) == ["work.ipynb", "work.py"]


def test_the_same_file_name_in_two_places_gets_two_names(tmp_path):
    first = write(tmp_path / "a" / "hw.ipynb")
    second = write(tmp_path / "b" / "hw.ipynb")
    assert len(set(students(first, second))) == 2


def test_a_name_made_up_for_one_student_is_not_taken_from_another(tmp_path):
    for name in ("hw.ipynb", "hw.py", "hw.ipynb.py"):
        write(tmp_path / name)
    assert len(set(students(tmp_path))) == 3


def test_students_of_one_name_in_two_folders_keep_that_name(tmp_path):
    write(tmp_path / "monday" / "alice" / "hw.ipynb")
    write(tmp_path / "friday" / "alice" / "hw.ipynb")
    found = students(tmp_path / "monday", tmp_path / "friday")
    assert len(set(found)) == 2
    assert all("alice" in name for name in found)


def test_a_students_folder_beside_a_file_of_the_same_name_keeps_its_name(tmp_path):
    write(tmp_path / "alice.ipynb")
    write(tmp_path / "alice" / "hw.ipynb")
    assert all("alice" in name for name in students(tmp_path))


def test_a_folder_that_cannot_be_listed_does_not_lose_the_others(tmp_path, monkeypatch):
    write(tmp_path / "alice" / "hw.ipynb")
    locked = write(tmp_path / "bob" / "hw.ipynb").parent
    listing = Path.iterdir

    def refuse(folder: Path):
        if folder == locked:
            raise PermissionError(13, "Permission denied", str(folder))
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert problems(tmp_path)["alice"] is None


def test_a_file_that_cannot_be_read_says_why(tmp_path, monkeypatch):
    path = write(tmp_path / "alice.ipynb")

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SubmissionError, match=r"can't be read \(Permission denied\)"):
        Submission("alice", path).read()


def test_a_file_that_went_away_is_missing(tmp_path):
    with pytest.raises(SubmissionError, match=r"alice\.ipynb: there is no such file"):
        Submission("alice", tmp_path / "alice.ipynb").read()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    pipe = tmp_path / "alice" / "hw.ipynb"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    (submission,) = find_submissions([tmp_path])
    with pytest.raises(SubmissionError):
        submission.read()


def test_a_submission_with_a_problem_tells_it_when_read(tmp_path):
    (submission,) = find_submissions([write(tmp_path / "alice.pdf")])
    with pytest.raises(SubmissionError, match="only notebooks"):
        submission.read()


def test_the_fingerprint_depends_on_the_content_alone(tmp_path):
    one = Submission("alice", write(tmp_path / "alice.py", "x = 1\n"))
    same = Submission("bob", write(tmp_path / "bob.py", "x = 1\n"))
    other = Submission("bob", write(tmp_path / "carol.py", "x = 2\n"))
    assert one.sha256() == same.sha256() != other.sha256()


def test_what_cannot_be_read_has_a_fingerprint_all_the_same(tmp_path):
    missing = Submission("alice", tmp_path / "alice.ipynb")
    assert len(missing.sha256()) == 64


def test_a_foreign_archive_or_a_document_that_was_handed_in_is_said_to_be_of_no_use(tmp_path):
    for name in ("alice.ipynb", "bob.rar", "carl.pdf"):
        write(tmp_path / name)
    problems = {s.student: s.problem for s in find_submissions([tmp_path])}
    assert problems["alice"] is None
    assert "only notebooks" in problems["bob"]
    assert "only notebooks" in problems["carl"]


def test_results_of_an_earlier_run_are_nobodys_work(tmp_path):
    write(tmp_path / "alice.ipynb")
    write(tmp_path / "out" / "alice" / "recording" / "left.py")
    assert [s.student for s in find_submissions([tmp_path], tmp_path / "out")] == ["alice"]


def test_results_may_not_go_among_the_submissions(tmp_path):
    write(tmp_path / "alice.ipynb")
    with pytest.raises(SubmissionError, match="Name another folder"):
        find_submissions([tmp_path], tmp_path)


def test_a_name_that_is_no_utf_8_can_be_printed(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.ipynb"))
    write(path)
    (found,) = find_submissions([tmp_path])
    assert found.student.encode("utf-8").decode("utf-8").startswith("M")
    assert found.read() == path.read_bytes()


def test_a_link_that_the_ta_names_is_followed_and_lends_its_name(tmp_path):
    stored = write(tmp_path / "store" / "0a1b2c")
    link = tmp_path / "alice.py"
    link.symlink_to(stored)
    (found,) = find_submissions([link])
    assert (found.student, found.file_name, found.problem) == ("alice", "alice.py", None)
    assert found.read() == stored.read_bytes()


def test_two_links_of_one_stem_go_by_their_own_names(tmp_path):
    stored = write(tmp_path / "store" / "0a1b2c")
    links = [tmp_path / "alice.py", tmp_path / "alice.ipynb"]
    for link in links:
        link.symlink_to(stored)
    assert students(*links) == ["alice.ipynb", "alice.py"]


def test_a_link_that_was_put_in_the_place_of_a_file_is_not_followed(tmp_path):
    secret = write(tmp_path / "secret.py")
    path = write(tmp_path / "class" / "alice.py")
    (found,) = find_submissions([path.parent])
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(SubmissionError, match="no ordinary file"):
        found.read()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no such device")
def test_a_device_without_end_is_not_read():
    with pytest.raises(SubmissionError, match="no ordinary file"):
        Submission("alice", Path("/dev/zero")).read()


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "alice.ipynb").mkdir()
    with pytest.raises(SubmissionError):
        Submission("alice", tmp_path / "alice.ipynb").read()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_the_place_of_an_archive_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "alice.zip")
    one = Submission("alice", tmp_path / "alice.zip")
    assert one.file_name == "alice.zip"
    with pytest.raises(SubmissionError, match="no ordinary file"):
        one.read()


def test_a_file_of_more_than_64_mb_is_refused_unread(tmp_path):
    path = tmp_path / "alice.ipynb"
    with path.open("wb") as file:
        file.truncate(65_000_000)
    with pytest.raises(SubmissionError, match="has 65 MB"):
        Submission("alice", path).read()


def test_a_file_that_grows_while_it_is_read_is_read_no_further_than_the_limit(
    tmp_path, monkeypatch
):
    path = write(tmp_path / "alice.py", "x" * 3_000_000)
    small = os.stat_result((0o100644, *[0] * 9))
    monkeypatch.setattr(submission, "SIZE_LIMIT_MB", 0.001)
    monkeypatch.setattr(os, "fstat", lambda _: small)
    with pytest.raises(SubmissionError, match="has more than the 0 MB"):
        Submission("alice", path).read()


def test_what_has_a_name_that_is_no_utf_8_and_cannot_be_read_has_a_fingerprint(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.ipynb"))
    assert len(Submission("alice", path).sha256()) == 64
