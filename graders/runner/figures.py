"""Notice every figure that a student draws: shown, saved, closed, cleared, or left open."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure

from graders.recording.schema import FigureRecord, LineRecord
from graders.runner.drawn import Drawing, Room
from graders.runner.shell import TimeIsUp
from graders.runner.writer import Writer

# Numbers and texts of all figures together; a reader takes no more than 400,000.
_ALL_FIGURES = 300_000


@dataclass
class FigureWatcher:
    """Takes over plt.show() and plt.pause(), and looks at figures before they are gone.

    A figure is recorded once, in the last state in which it was seen.
    """

    writer: Writer
    _known: dict[int, tuple[weakref.ref[Any], FigureRecord]] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)  # of each record that is kept, by its id

    def install(self) -> None:
        """Replace the functions that would wait for a window, and watch those that end a figure."""
        plt.switch_backend("agg")

        # Plain functions: matplotlib writes attributes on what stands under these names.
        def show(*_: Any, **__: Any) -> None:
            self.flush()

        def pause(*_: Any, **__: Any) -> None:
            """Wait for nobody; the figure stays open, as in a display loop."""

        plt.show, plt.pause = show, pause
        plt.rcParams["figure.max_open_warning"] = 0
        self._watch(FigureCanvasBase, "print_figure", lambda canvas: [canvas.figure])
        self._watch(Figure, "clear", lambda figure: [figure], after=self._forget)
        self._watch_class(Gcf, "destroy", _of_manager)
        self._watch_class(Gcf, "destroy_all", _open_figures)

    def flush(self) -> None:
        """Record all open figures and close them, as Jupyter does after a cell."""
        Gcf.destroy_all()

    def _watch(
        self,
        owner: type,
        name: str,
        figures: Callable[[Any], Iterable[Any]],
        after: Callable[[Any], None] | None = None,
    ) -> None:
        """Look at figures before a method does its work."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(self_: Any, *arguments: Any, **settings: Any) -> Any:
            self._look(figures, self_)
            result = original(self_, *arguments, **settings)
            if after is not None:
                after(self_)
            return result

        setattr(owner, name, watched)

    def _watch_class(self, owner: type, name: str, figures: Callable[..., Iterable[Any]]) -> None:
        """Look at figures before a class method does its work."""
        original = getattr(owner, name).__func__

        def watched(cls: Any, *arguments: Any) -> Any:
            self._look(figures, *arguments)
            return original(cls, *arguments)

        setattr(owner, name, classmethod(functools.wraps(original)(watched)))

    def _look(self, figures: Callable[..., Iterable[Any]], *arguments: Any) -> None:
        """Record figures; a student's subclass may raise anything at a look."""
        for figure in figures(*arguments):
            try:
                self._record(figure)
            except TimeIsUp:
                raise
            except BaseException as error:  # noqa: BLE001 - SystemExit too must not end the cell
                self.writer.note_failure("A figure", error)

    def _record(self, figure: Any) -> None:
        """Keep a figure's present state in place of an earlier one."""
        if not isinstance(figure, Figure):
            return
        known = self._known.get(id(figure))
        before = known[1] if known and known[0]() is figure else None
        size = self._sizes.get(id(before), 0)
        left = _ALL_FIGURES - sum(self._sizes.values()) + size
        room = Room(left, self.writer.limits.points_per_line)
        record = Drawing(figure, room).record(self.writer.cell)
        if room.cut:
            self.writer.note("More was plotted than is kept; the rest was left out.")
        if not record.axes:
            return  # nothing was drawn, or it was cleared
        kept = self._replace(before, record) if before else self._add(record)
        if kept:
            self._sizes[id(record)] = room.used
            self._known[id(figure)] = (weakref.ref(figure), record)

    def _replace(self, before: FigureRecord, record: FigureRecord) -> bool:
        figures = self.writer.recording.figures
        place = next((i for i, one in enumerate(figures) if one is before), None)
        if place is None:
            return self._add(record)
        figures[place] = record
        self._sizes.pop(id(before), None)
        return True

    def _add(self, record: FigureRecord) -> bool:
        """Keep a new figure; of too many, in place of a picture or of its own beginnings."""
        figures, limit = self.writer.recording.figures, self.writer.limits.figures
        if len(figures) >= limit and _has_curves(record):
            pairs = pairwise([*figures, record])
            spare = (one for one, after in pairs if not _has_curves(one) or _goes_on(one, after))
            if (one := next(spare, None)) is not None:
                figures[:] = [other for other in figures if other is not one]
                self._sizes.pop(id(one), None)
        if not self.writer.has_room("figures", figures, limit):
            return False
        figures.append(record)
        return True

    def _forget(self, figure: Any) -> None:
        """Take what is drawn after clear() for another figure."""
        self._known.pop(id(figure), None)


def _open_figures() -> list[Any]:
    return [figure for number in list(Gcf.figs) for figure in _of_manager(number)]


def _of_manager(number: Any) -> list[Any]:
    """Return the figure of a manager, or of its number."""
    try:
        manager = number if hasattr(number, "canvas") else Gcf.figs.get(number)
        return [] if manager is None else [manager.canvas.figure]
    except Exception:  # noqa: BLE001 - it may be an object of the student's
        return []


def _has_curves(record: FigureRecord) -> bool:
    return any(axes.lines for axes in record.axes)


def _goes_on(before: FigureRecord, record: FigureRecord) -> bool:
    """Tell whether a figure is the one before with more points, as in a loop that redraws it."""
    if before.cell != record.cell or len(before.axes) != len(record.axes):
        return False
    pairs = list(zip(before.axes, record.axes, strict=True))
    if any(len(b.lines) != len(a.lines) for b, a in pairs):
        return False
    return all(
        _begins(old, new) for b, a in pairs for old, new in zip(b.lines, a.lines, strict=True)
    )


def _begins(old: LineRecord, new: LineRecord) -> bool:
    count = len(old.y)
    return (old.kind, old.label, old.x, old.y) == (
        new.kind,
        new.label,
        new.x[:count],
        new.y[:count],
    )
