"""Grade a class: many submissions, each with a result whatever happens, and nothing done twice."""

from graders.batch.keys import Recipe
from graders.batch.plan import Wanted
from graders.batch.reports import Graded, keep_result, line_of, outline, write_class, write_feedback
from graders.batch.roll import Outcomes, standing_of
from graders.batch.run import ClassRun, Enrolled, Observer, grade_class
from graders.batch.runs import LocalRuns, Runs, default_workers, threads_for
from graders.batch.scores import settle_students

__all__ = [
    "ClassRun",
    "Enrolled",
    "Graded",
    "LocalRuns",
    "Observer",
    "Outcomes",
    "Recipe",
    "Runs",
    "Wanted",
    "default_workers",
    "grade_class",
    "keep_result",
    "line_of",
    "outline",
    "settle_students",
    "standing_of",
    "threads_for",
    "write_class",
    "write_feedback",
]
