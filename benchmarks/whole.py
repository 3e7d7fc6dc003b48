"""What one right submission of a whole assignment costs: python benchmarks/whole.py [NAME]

Grades the reference solution by the real command, first with an empty store and then with the full
one, and checks it once more from its recording. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from class_of import COMMAND, STORE, Run, measured

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("assignment", nargs="?", default="fashion_training")
    parser.add_argument("--data", choices=["local", "builtin"], default="local")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tensormark-whole-") as name:
        runs = dict(_measured(options.assignment, options.data, Path(name)))
    first = next(iter(runs.values()))[0].seconds
    print(f"{options.assignment}, {options.data} data, {os.cpu_count()} cores\n")
    print("| way | seconds | beside the first | trainings | of them trained now | training alone |")
    print("| --- | --- | --- | --- | --- | --- |")
    for way, (run, trainings, trained, seconds) in runs.items():
        ratio = f"x{run.seconds / first:.2f}"
        print(
            f"| {way} | {run.seconds:.1f} | {ratio} | {trainings} | {trained} | {seconds:.0f} s |"
        )


def _measured(
    assignment: str, data: str, folder: Path
) -> Iterator[tuple[str, tuple[Run, int, int, float]]]:
    work = folder / "work"
    work.mkdir()
    shutil.copy(ROOT / "reference" / "solutions" / f"{assignment}.py", work / "solution.py")
    for way in ("empty store", "full store"):
        out = folder / way.replace(" ", "-")
        command = ["grade", assignment, str(work), "-o", str(out), "--data", data]
        yield way, _run([*command, "--workers", "1"], folder, out)
    yield "checked again", _run(["regrade", str(out)], folder, out)


def _run(command: list[str], folder: Path, out: Path) -> tuple[Run, int, int, float]:
    run = measured([*COMMAND, *command], {STORE: str(folder / "store")})
    if run.status:
        sys.exit(f"`tensormark {command[0]}` ended with status {run.status}.")
    trainings = json.loads((out / "solution" / "result.json").read_bytes())["trainings"]
    made = [training for training in trainings if not training["cached"]]
    if command[0] == "regrade":
        made = []
    return run, len(trainings), len(made), sum(t["seconds"] for t in made)


if __name__ == "__main__":
    main()
