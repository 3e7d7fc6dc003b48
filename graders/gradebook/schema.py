"""The gradebook's tables as they are today; `migrate.py` makes them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _points(name: str) -> Column[float]:
    return Column(name, Float, nullable=False)


students = Table(
    "students",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    _text("name"),
    _text("folder"),
    # What is equal for folders that some system takes for one.
    Column("folder_alike", Text, nullable=False, unique=True),
    Column("ids", JSON, nullable=False),
    _text("section"),
    Column("on_roster", Boolean, nullable=False),
    Column("extension", Text),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("student_id", ForeignKey("students.id"), nullable=False),
    _text("sha256"),
    _text("file"),
    Column("brought", JSON, nullable=False),
    _text("chosen"),
    Column("handed", JSON, nullable=False),
    _text("problem"),
    _text("first_seen"),
    UniqueConstraint("student_id", "sha256"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False),
    # What the run depends on beside the submission.
    _text("run_key"),
    _text("started_at"),
    Column("ended_at", Text),
    # running, finished or interrupted
    _text("status"),
    _text("machine"),
    _points("seconds"),
)

results = Table(
    "results",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("attempt_id", ForeignKey("attempts.id"), nullable=False),
    _text("made_at"),
    # Fingerprint of the checks and of the ranges that they compare with.
    _text("checks_key"),
    _text("status"),
    _points("score"),
    _points("points"),
    _points("bonus_points"),
    _points("pending"),
    _points("late_points"),
    # What the class's pages and tables show, as JSON; the whole stands in result.json.
    _text("outline"),
)

judgements = Table(
    "judgements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("student_id", ForeignKey("students.id"), nullable=False),
    _text("exercise"),
    # manual or override
    _text("kind"),
    # None withdraws.
    Column("score", Float),
    _text("comment"),
    _text("by"),
    _text("at"),
    _text("answer_sha256"),
    _text("submission_sha256"),
)
