"""Points of the sheet beside the points that a platform gives for it."""

from __future__ import annotations

from dataclasses import dataclass

from graders.exports.cells import decimal
from graders.exports.options import Notes, Options


@dataclass(frozen=True)
class Scale:
    """What points are multiplied with."""

    factor: float = 1.0

    @classmethod
    def between(
        cls, sheet: float, platform: float | None, options: Options, notes: Notes, where: str
    ) -> Scale:
        """Compare the sheet's points with the platform's, and scale only where that was asked.

        A difference is said. A platform that has 0 or no points of its own is left alone.
        """
        if not platform or platform <= 0 or sheet <= 0 or abs(platform - sheet) < 0.005:
            return cls()
        if options.scale:
            notes.say(f"Scaled: {decimal(sheet)} points here are {decimal(platform)} in {where}.")
            return cls(platform / sheet)
        notes.say(
            f"{where} gives {decimal(platform)} points for it, and the sheet has "
            f"{decimal(sheet)}: points were written as they are. --scale converts them."
        )
        return cls()

    def of(self, value: float) -> float:
        """Convert points."""
        return value * self.factor
