"""Tell which platform has arranged a folder or an archive, if any has."""

from __future__ import annotations

from graders.submission.layouts import canvas, github, gradescope, moodle, nbgrader
from graders.submission.layouts.layout import Layout
from graders.submission.layouts.view import View, is_work
from graders.submission.work import Wish


def detect(view: View, wish: Wish) -> Layout | None:
    """Return the layout, also of the only folder inside; None where no platform's pattern holds.

    Args:
        view: the folder or the archive.
        wish: names the assignment, where a course's folder holds several.

    Raises:
        IntakeError: it is a platform's, and something that it needs can't be read or told.

    """
    here = (
        gradescope.detect(view)
        or moodle.detect(view)
        or canvas.detect(view)
        or nbgrader.detect(view, wish)
        or github.detect(view)
    )
    if here:
        return here
    inner = only_folder(view)
    return detect(inner, wish) if inner and len(inner.path.parts) < 3 else None


def only_folder(view: View) -> View | None:
    """Return the one folder of a folder that holds nothing else of interest."""
    if len(view.folders) != 1 or any(map(is_work, view.files)):
        return None
    return next(iter(view.folders.values()))
