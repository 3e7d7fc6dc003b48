"""The vocabulary of checks: what an assignment's `test_*.py` imports.

A check is a pytest test that reads a recording. It returns where the exercise is right, and
raises `CheckFailed`, `NotAttempted`, `Blocked` or `Unscored` with words for the student where not.
"""

from graders.checks.aspects import Wanted
from graders.checks.asserts import (
    HINTS,
    assert_aspects,
    assert_layers,
    require,
)
from graders.checks.attempts import Attempt, attempts_of, true_labels_of
from graders.checks.context import CheckContext
from graders.checks.layers import Difference, compare, input_shape, parts_of
from graders.checks.marks import exercise
from graders.checks.matching import Match, Matches
from graders.checks.outcome import (
    Blocked,
    CheckFailed,
    NotAttempted,
    Unscored,
    attach,
    flag,
)
from graders.checks.scores import assert_accuracy, assert_better, differs
from graders.checks.values import answer, is_number, mentioned, readings
from graders.checks.variables import (
    assert_answer,
    assert_matrix,
    describe_indices,
    find_array,
    where_defined,
)

__all__ = [
    "HINTS",
    "Attempt",
    "Blocked",
    "CheckContext",
    "CheckFailed",
    "Difference",
    "Match",
    "Matches",
    "NotAttempted",
    "Unscored",
    "Wanted",
    "answer",
    "assert_accuracy",
    "assert_answer",
    "assert_aspects",
    "assert_better",
    "assert_layers",
    "assert_matrix",
    "attach",
    "attempts_of",
    "compare",
    "describe_indices",
    "differs",
    "exercise",
    "find_array",
    "flag",
    "input_shape",
    "is_number",
    "mentioned",
    "parts_of",
    "readings",
    "require",
    "true_labels_of",
    "where_defined",
]
