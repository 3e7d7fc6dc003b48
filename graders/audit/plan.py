"""Which submissions an audit consists of: audit.toml of an assignment, and what follows from it."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graders.assignment import Assignment
from graders.audit import answers, data, experiments, networks, training
from graders.audit.cells import (
    Cells,
    as_script,
    exercise_cells,
    read_solution,
    unified_diff,
)
from graders.audit.edits import Change, Operator, WholeOperator
from graders.audit.variants import Variant, variants_of
from graders.errors import AuditError
from graders.samples import load_samples

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


class Base(BaseModel):
    """Base of the parts of audit.toml: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class LeftOut(Base):
    """Mutants that are not made, and why."""

    mutants: list[str] = Field(min_length=1, description="names, with * and ? as in file names")
    reason: str = Field(min_length=1)


class Loses(Base):
    """Mutants that lose in other exercises than the one whose cell they stand in."""

    mutants: list[str] = Field(min_length=1)
    exercises: list[str] = Field(min_length=1)
    reason: str = Field(min_length=1)


class Explained(Base):
    """Mutants that are known not to be caught, and why that is right or has to be borne."""

    mutants: list[str] = Field(min_length=1)
    reason: str = Field(min_length=1)


class Spec(Base):
    """What audit.toml holds."""

    schema_version: Literal[1]
    solution: str = Field(description="file in reference/solutions")
    bar: Annotated[float, Field(gt=0, le=1)] = Field(
        description="share of the mutants that must be caught"
    )
    results: list[str] = Field(description="names under which the checks find results")
    needs_accuracy: list[str] = Field(
        default_factory=list, description="mutants that only an accuracy gives away"
    )
    left_out: list[LeftOut] = Field(default_factory=list)
    loses: list[Loses] = Field(default_factory=list)
    explained: list[Explained] = Field(default_factory=list)

    def explanation(self, mutant: str) -> str:
        """Why a mutant is known not to be caught; "" where nothing is said."""
        return next((e.reason for e in self.explained if _any(e.mutants, mutant)), "")


@dataclass(frozen=True)
class Mutant:
    """A solution with one mistake."""

    id: str  # such as 1c-units-10-to-12-first
    about: str
    exercise: str  # whose cell the mistake stands in
    expected: frozenset[str]  # the exercises that have to lose
    text: str
    diff: str
    needs_accuracy: bool = False
    file_name: str = "work.py"


@dataclass(frozen=True)
class Plan:
    """All submissions of an audit."""

    spec: Spec
    variants: list[Variant]
    mutants: list[Mutant]
    left_out: dict[str, int]  # reason to the number of mutants

    def only(self, part: str) -> Plan:
        """Keep what has a text in its name.

        Raises:
            AuditError: nothing has.

        """
        variants = [one for one in self.variants if part in one.id]
        mutants = [one for one in self.mutants if part in one.id]
        if not variants and not mutants:
            raise AuditError.nothing_called(part)
        return Plan(self.spec, variants, mutants, self.left_out)

    def structural(self) -> Plan:
        """Leave out the mutants that only an accuracy gives away."""
        mutants = [one for one in self.mutants if not one.needs_accuracy]
        return Plan(self.spec, self.variants, mutants, self.left_out)


def load_spec(assignment: Assignment) -> Spec:
    """Read audit.toml of an assignment.

    Raises:
        AuditError: there is none, or it is not valid.

    """
    path = assignment.folder / "audit.toml"
    try:
        spec = Spec.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise AuditError.no_spec(assignment.id) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AuditError.invalid(path.name, f"it is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AuditError.invalid(path.name, f"{where}: {first['msg']}") from error
    for loses in spec.loses:
        for exercise in loses.exercises:
            if assignment.exercise(exercise) is None:
                raise AuditError.invalid(path.name, f"there is no exercise {exercise}")
    return spec


def solution_path(spec: Spec) -> Path:
    """Where the reference solution stands."""
    return Path(str(resources.files("reference"))) / "solutions" / spec.solution


def make_plan(assignment: Assignment) -> Plan:
    """Make all submissions of an assignment's audit.

    Raises:
        AuditError: there is no audit.toml or no solution, or the two don't fit together.

    """
    spec = load_spec(assignment)
    cells = read_solution(solution_path(spec), assignment)
    found = list(mutations(assignment, cells, spec))
    _verify(spec, [f"{exercise}-{change.name}" for exercise, _, change in found])
    mutants: list[Mutant] = []
    left_out: Counter[str] = Counter()
    for exercise, about, change in found:
        name = f"{exercise}-{change.name}"
        reason = next((one.reason for one in spec.left_out if _any(one.mutants, name)), None)
        if reason is not None:
            left_out[reason] += 1
            continue
        expected = next((o.exercises for o in spec.loses if _any(o.mutants, name)), [exercise])
        mutants.append(
            Mutant(
                id=name,
                about=about,
                exercise=exercise,
                expected=frozenset(expected),
                text=as_script(change.cells),
                diff=unified_diff(cells, change.cells),
                needs_accuracy=_any(spec.needs_accuracy, name),
            )
        )
    variants = [*_samples(assignment), *variants_of(cells, frozenset(spec.results))]
    return Plan(spec, variants, mutants, dict(left_out))


def mutations(
    assignment: Assignment, cells: Cells, spec: Spec
) -> Iterator[tuple[str, str, Change]]:
    """Make every mistake that an operator knows in every exercise.

    Yields:
        Exercise, mistake in words, and change; the names of an exercise's changes differ.

    """
    results = answers.Results(frozenset(spec.results))
    single: list[Operator] = [
        *networks.OPERATORS,
        *training.OPERATORS,
        *data.OPERATORS,
        *experiments.OPERATORS,
        *answers.OPERATORS,
        results.wrong_number,
        results.none,
    ]
    whole: list[WholeOperator] = [
        *training.WHOLE,
        *data.WHOLE,
        *experiments.WHOLE,
        *answers.WHOLE,
        results.copied,
    ]
    for exercise in assignment.exercises:
        found = [
            *((_words(one), c) for one in single for c in _edited(cells, exercise.id, one)),
            *((_words(one), c) for one in whole for c in one(cells, exercise.id)),
        ]
        yield from ((exercise.id, about, change) for about, change in _distinct(found))


def _edited(cells: Cells, exercise: str, operator: Operator) -> Iterator[Change]:
    for index in exercise_cells(cells, exercise):
        module = cells[index].module
        for node in cells[index].nodes:
            for edit in operator(node):
                changed = cells[index].with_module(edit.on(module))
                yield Change(edit.name, (*cells[:index], changed, *cells[index + 1 :]))


def _distinct(found: list[tuple[str, Change]]) -> Iterator[tuple[str, Change]]:
    """Tell changes of one name apart: the first, the second; of equal solutions keep one."""
    one_each = {change.cells: (about, change) for about, change in reversed(found)}
    found = [one_each[change.cells] for _, change in found if change is one_each[change.cells][1]]
    counts = Counter(change.name for _, change in found)
    seen: Counter[str] = Counter()
    for about, change in found:
        name = change.name
        if counts[name] > 1:
            ordinal = _ORDINALS[seen[name]] if seen[name] < len(_ORDINALS) else str(seen[name] + 1)
            seen[name] += 1
            name = f"{name}-{ordinal}"
        yield about, Change(name, change.cells)


def _words(operator: Operator | WholeOperator) -> str:
    return str(operator.__doc__).strip().splitlines()[0]


def _samples(assignment: Assignment) -> Iterator[Variant]:
    """The assignment's own samples without a mistake are correct variants, written by hand."""
    for sample in load_samples(assignment):
        if not sample.loses and not sample.unusable:
            yield Variant(
                id=f"sample-{sample.path.stem.replace('_', '-')}",
                about=sample.about,
                text=sample.path.read_text(encoding="utf-8"),
                file_name=f"work{sample.path.suffix}",
            )


def _verify(spec: Spec, names: Iterable[str]) -> None:
    """Assert that every pattern of audit.toml means something.

    Raises:
        AuditError: one matches no mutant.

    """
    known = list(names)
    patterns = [
        *spec.needs_accuracy,
        *(
            p
            for part in (spec.left_out, spec.loses, spec.explained)
            for o in part
            for p in o.mutants
        ),
    ]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise AuditError.pattern_without_mutant(pattern)


def _any(patterns: Iterable[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
