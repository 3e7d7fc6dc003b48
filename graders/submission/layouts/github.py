"""Clones of GitHub Classroom: repositories called `<assignment>-<login>`, side by side."""

from __future__ import annotations

from itertools import takewhile

from graders.result import Handed
from graders.submission.choose import printable, shown
from graders.submission.layouts.layout import Hand, Layout, Part, mostly, student_name
from graders.submission.layouts.view import View, is_work

_SUFFIX = "-submissions"


def detect(view: View) -> Layout | None:
    """Tell whether all folders are repositories whose names begin with one assignment's."""
    clones: list[View] = []
    strays: list[View] = []
    for folder in view.folders.values():
        # Never asked: a repository's own settings can make git run programs.
        (clones if folder.holds(".git") else strays).append(folder)
    prefix = _prefix(view.name, [clone.name for clone in clones])
    files = [name for name in view.files if is_work(name)]
    if not prefix or not mostly(len(clones), len(strays) + len(files)):
        return None
    paths = [*(folder.path for folder in strays), *(view.path / name for name in files)]
    return Layout([_hand(clone, prefix) for clone in clones], paths)


def _prefix(folder: str, names: list[str]) -> str:
    """Return what stands before the logins, which may have hyphens as well."""
    told = folder.removesuffix(_SUFFIX) + "-"
    if folder.endswith(_SUFFIX) and all(len(n) > len(told) and n.startswith(told) for n in names):
        return told if names else ""
    if len(names) < 2:
        return ""
    parts = [name.split("-") for name in names]
    # The last part of each is a login's at least.
    columns = zip(*(part[:-1] for part in parts), strict=False)
    common = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)]
    return "-".join(common) + "-" if common else ""


def _hand(clone: View, prefix: str) -> Hand:
    login = shown(printable(clone.name.removeprefix(prefix)), 255)
    handed = Handed(platform="github", ids={"github": login}, label=shown(printable(clone.name)))
    return Hand(student_name(login, clone.name), handed, (Part(clone.path),))
