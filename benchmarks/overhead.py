"""What grading one short submission costs beside the student's own work."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench, timed
from benchmarks.check import cold_check, write_stamped
from benchmarks.tables import Row, ratio
from graders.submission import Submission

RUNS = 3


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each way to run the short submission, in turn; medians of each.

    plain: its cells in a fresh IPython, as a student runs them (imports, data and training);
    check: the whole of `tensormark check` with an empty store of trainings, start-up included;
    warm: one more run in a warm sandbox, its trainings known, as most of a class have it.
    """
    file = write_stamped(bench.folder / "short.ipynb")
    submission, out = Submission(file.stem, file), bench.folder / "out"
    grader = bench.grader(bench.new_folder())
    bench.note("  warming the sandbox")
    grader.grade(submission, out)

    def take() -> dict[str, float]:
        return {
            "plain": bench.students_python("-m", "IPython", file).seconds,
            "check": cold_check(bench, file)["the whole"],
            "warm": timed(lambda: grader.grade(submission, out)),
        }

    found = bench.medians(take, RUNS)
    for way, seconds in found.items():
        plain = found["plain"]
        yield {
            "way": way,
            "time": seconds,
            "more than plain": seconds - plain,
            "beside plain": ratio(seconds, plain),
        }
