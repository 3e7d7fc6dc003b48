from __future__ import annotations

import pytest

from graders.assignment import Assignment, load_assignment
from graders.audit.cells import Cell, Cells, read_solution
from graders.audit.plan import Plan, load_spec, make_plan, solution_path


@pytest.fixture(scope="session")
def sheet() -> Assignment:
    return load_assignment("fashion_cnn")


@pytest.fixture(scope="session")
def solution(sheet) -> Cells:
    return read_solution(solution_path(load_spec(sheet)), sheet)


@pytest.fixture(scope="session")
def plan(sheet) -> Plan:
    return make_plan(sheet)


def cells(**code: str) -> Cells:
    """Make a solution with a cell for each exercise, such as e1a="x = 1"."""
    return tuple(Cell(f"# %% {name[1:]}\n{source}\n", name[1:]) for name, source in code.items())
