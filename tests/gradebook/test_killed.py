"""A writer that is killed at any moment loses nothing that it was told is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from graders.gradebook import Gradebook

ROUNDS = 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the writer is a fork")
def test_whatever_was_acknowledged_before_a_kill_is_there_after_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.gradebook.killed_writer", tmp_path, str(ROUNDS)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rounds) == ROUNDS
    assert {one["intact"] for one in rounds} == {"ok"}
    attempts = {attempt for one in rounds for attempt in one["attempts"]}
    judged = {said for one in rounds for said in one["judged"]}
    # Else the kills came before anything was written, and nothing is shown.
    assert len(judged) > ROUNDS
    with Gradebook.open(tmp_path, create=False) as book, book._engine.connect() as connection:
        kept = set(connection.execute(text("SELECT comment FROM judgements")).scalars())
        graded = connection.execute(text("SELECT attempt_id FROM results")).scalars().all()
        finished = set(
            connection.execute(text("SELECT id FROM attempts WHERE status = 'finished'")).scalars()
        )
    assert judged <= kept
    assert attempts <= set(graded)
    # Half of a `finish` is never there.
    assert sorted(graded) == sorted(finished)
