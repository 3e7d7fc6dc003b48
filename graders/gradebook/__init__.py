"""Keep a class's submissions, runs, results and people's scores, with nothing ever lost."""

from __future__ import annotations

from graders.gradebook.book import Gradebook
from graders.gradebook.folders import folder_name
from graders.gradebook.rows import Event, Latest, StudentRow

__all__ = [
    "Event",
    "Gradebook",
    "Latest",
    "StudentRow",
    "folder_name",
]
