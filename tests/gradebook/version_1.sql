CREATE TABLE students (
    id INTEGER NOT NULL PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    folder TEXT NOT NULL,
    folder_alike TEXT NOT NULL UNIQUE,
    ids JSON NOT NULL,
    section TEXT NOT NULL,
    on_roster BOOLEAN NOT NULL,
    extension TEXT
);
CREATE TABLE submissions (
    id INTEGER NOT NULL PRIMARY KEY,
    student_id INTEGER NOT NULL REFERENCES students (id),
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL,
    brought JSON NOT NULL,
    chosen TEXT NOT NULL,
    handed JSON NOT NULL,
    problem TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    UNIQUE (student_id, sha256)
);
CREATE TABLE attempts (
    id INTEGER NOT NULL PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submissions (id),
    run_key TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'interrupted')),
    machine TEXT NOT NULL,
    seconds REAL NOT NULL
);
CREATE INDEX attempts_of_submission ON attempts (submission_id);
CREATE INDEX attempts_by_status ON attempts (status) WHERE status <> 'finished';
CREATE TABLE results (
    id INTEGER NOT NULL PRIMARY KEY,
    attempt_id INTEGER NOT NULL REFERENCES attempts (id),
    made_at TEXT NOT NULL,
    checks_key TEXT NOT NULL,
    status TEXT NOT NULL,
    score REAL NOT NULL,
    points REAL NOT NULL,
    bonus_points REAL NOT NULL,
    pending REAL NOT NULL,
    late_points REAL NOT NULL,
    outline TEXT NOT NULL
);
CREATE INDEX results_of_attempt ON results (attempt_id);
CREATE TABLE judgements (
    id INTEGER NOT NULL PRIMARY KEY,
    student_id INTEGER NOT NULL REFERENCES students (id),
    exercise TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('manual', 'override')),
    score REAL,
    comment TEXT NOT NULL,
    by TEXT NOT NULL,
    at TEXT NOT NULL,
    answer_sha256 TEXT NOT NULL,
    submission_sha256 TEXT NOT NULL
);
CREATE INDEX judgements_of_student ON judgements (student_id);
CREATE TRIGGER results_stay_update BEFORE UPDATE ON results
BEGIN SELECT RAISE(ABORT, 'the history of results is never changed'); END;
CREATE TRIGGER results_stay_delete BEFORE DELETE ON results
BEGIN SELECT RAISE(ABORT, 'the history of results is never changed'); END;
CREATE TRIGGER judgements_stay_update BEFORE UPDATE ON judgements
BEGIN SELECT RAISE(ABORT, 'the history of judgements is never changed'); END;
CREATE TRIGGER judgements_stay_delete BEFORE DELETE ON judgements
BEGIN SELECT RAISE(ABORT, 'the history of judgements is never changed'); END;
INSERT INTO students VALUES
    (1, 'canvas:41', 'Ana', 'Ana', 'ana', '{"canvas": "41"}', 'Mon', 1, '2026-03-01T10:00:00+00:00');
INSERT INTO submissions VALUES
    (1, 1, 'aa', 'hw.ipynb', '["helper.py"]', '', '{"platform": "canvas"}', '',
     '2026-02-01T10:00:00.000000+00:00');
INSERT INTO attempts VALUES
    (1, 1, 'run', '2026-02-01T10:00:01.000000+00:00', '2026-02-01T10:01:00.000000+00:00',
     'finished', 'lab-1', 59.0);
INSERT INTO results VALUES
    (1, 1, '2026-02-01T10:01:00.000000+00:00', 'checks', 'complete', 1.5, 5.0, 0.0, 1.0, 0.0,
     '{"tensormark":"0.1.0","graded_at":"2026-02-01T10:01:00+00:00","assignment":{"id":"sheet","title":"A sheet"},"submission":{"student":"Ana","files":["hw.ipynb"]},"score":1.5,"points":5.0,"pending":1.0,"execution":{"status":"complete"}}');
INSERT INTO judgements VALUES
    (1, 1, '1b', 'manual', 1.0, 'Good.', 'kim', '2026-02-02T09:00:00.000000+00:00', 'cc', 'aa');
PRAGMA application_id = 1953326946;
PRAGMA user_version = 1;
