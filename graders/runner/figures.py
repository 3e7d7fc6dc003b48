"""Record figures as data: titles, labels, legends and plotted lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from graders.describe.arrays import number
from graders.recording.schema import AxesRecord, FigureRecord, LineRecord
from graders.runner.writer import Writer

_TEXT = 200
_AXES = 40
_LINES = 40


@dataclass
class FigureWatcher:
    """Takes over plt.show() and plt.pause(), and looks at what is open after each cell."""

    writer: Writer

    def install(self) -> None:
        """Replace the functions that would wait for a window."""
        plt.switch_backend("agg")

        # Plain functions: matplotlib writes attributes on what stands under these names.
        def show(*_: Any, **__: Any) -> None:
            self.flush()

        def pause(*_: Any, **__: Any) -> None:
            """Wait for nobody; the figure stays open, as in a display loop."""

        plt.show, plt.pause = show, pause
        plt.rcParams["figure.max_open_warning"] = 0

    def flush(self) -> None:
        """Record all open figures and close them, as Jupyter does after a cell."""
        for manager_number in plt.get_fignums():
            figure = plt.figure(manager_number)
            if self.writer.has_room(
                "figures", self.writer.recording.figures, self.writer.limits.figures
            ):
                self.writer.recording.figures.append(self._record(figure))
        plt.close("all")

    def _record(self, figure: Any) -> FigureRecord:
        return FigureRecord(
            cell=self.writer.cell, axes=[self._axes(axes) for axes in figure.axes[:_AXES]]
        )

    def _axes(self, axes: Any) -> AxesRecord:
        legend = axes.get_legend()
        return AxesRecord(
            title=axes.get_title()[:_TEXT],
            xlabel=axes.get_xlabel()[:_TEXT],
            ylabel=axes.get_ylabel()[:_TEXT],
            lines=[self._line(line) for line in axes.get_lines()[:_LINES]],
            images=len(axes.get_images()),
            legend=[text.get_text()[:_TEXT] for text in legend.get_texts()[:_LINES]]
            if legend
            else [],
        )

    def _line(self, line: Any) -> LineRecord:
        label = str(line.get_label())[:_TEXT]
        return LineRecord(
            label=None if label.startswith("_") else label,
            x=self._numbers(line.get_xdata()),
            y=self._numbers(line.get_ydata()),
        )

    def _numbers(self, values: Any) -> list[float | None]:
        limit = self.writer.limits.points_per_line
        try:
            return [number(value) for value in np.asarray(values).reshape(-1)[:limit]]
        except (TypeError, ValueError):
            return []
