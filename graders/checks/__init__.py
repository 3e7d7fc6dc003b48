"""The vocabulary of checks: what an assignment's `test_*.py` imports.

A check is a pytest test that reads a recording. It returns where the exercise is right, and
raises `CheckFailed`, `NotAttempted`, `Blocked` or `Unscored` with words for the student where not.
"""

from graders.checks.aspects import Wanted
from graders.checks.asserts import (
    assert_aspects,
    assert_layers,
    hint_for,
    require,
)
from graders.checks.attempts import Attempt, attempts_of, true_labels_of
from graders.checks.context import CheckContext
from graders.checks.curves import Curve, Drawn, WantedCurve, curves_of, find_curves
from graders.checks.files import (
    assert_loaded_arrays,
    assert_loaded_network,
    assert_saved_arrays,
    assert_saved_network,
    loaded_networks,
    saved_networks,
)
from graders.checks.images import (
    Augmentation,
    MadeArray,
    assert_augmentation,
    augmentations_of,
    made_arrays,
    tried_on,
)
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
from graders.checks.plots import assert_curves, assert_labelled
from graders.checks.scores import assert_accuracy, assert_better, differs
from graders.checks.series import Metric, Series, Split, finals_of, series_of
from graders.checks.values import answer, is_number, mentioned, readings
from graders.checks.variables import (
    assert_answer,
    assert_matrix,
    describe_indices,
    find_array,
    where_defined,
)

__all__ = [
    "Attempt",
    "Augmentation",
    "Blocked",
    "CheckContext",
    "CheckFailed",
    "Curve",
    "Difference",
    "Drawn",
    "MadeArray",
    "Match",
    "Matches",
    "Metric",
    "NotAttempted",
    "Series",
    "Split",
    "Unscored",
    "Wanted",
    "WantedCurve",
    "answer",
    "assert_accuracy",
    "assert_answer",
    "assert_aspects",
    "assert_augmentation",
    "assert_better",
    "assert_curves",
    "assert_labelled",
    "assert_layers",
    "assert_loaded_arrays",
    "assert_loaded_network",
    "assert_matrix",
    "assert_saved_arrays",
    "assert_saved_network",
    "attach",
    "attempts_of",
    "augmentations_of",
    "compare",
    "curves_of",
    "describe_indices",
    "differs",
    "exercise",
    "finals_of",
    "find_array",
    "find_curves",
    "flag",
    "hint_for",
    "input_shape",
    "is_number",
    "loaded_networks",
    "made_arrays",
    "mentioned",
    "parts_of",
    "readings",
    "require",
    "saved_networks",
    "series_of",
    "tried_on",
    "true_labels_of",
    "where_defined",
]
