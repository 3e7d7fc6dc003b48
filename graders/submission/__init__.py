"""Find students' files, and turn a notebook or a script into cells."""

from graders.submission.find import find_submissions
from graders.submission.helpers import with_helpers
from graders.submission.read import read_cells
from graders.submission.submission import Submission

__all__ = ["Submission", "find_submissions", "read_cells", "with_helpers"]
