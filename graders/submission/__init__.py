"""Find students' files, and turn a notebook or a script into cells."""

from graders.submission.find import Submission, find_submissions
from graders.submission.read import read_cells

__all__ = ["Submission", "find_submissions", "read_cells"]
