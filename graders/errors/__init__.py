"""Everything that tensormark raises on purpose, and when to catch which.

TensormarkError                  any message that is meant for a person
├── AssignmentError              an assignment folder is broken: tell its author, grade nothing
├── SubmissionError              a submission can't be read: tell the student, grade the others
├── IntakeError                  a class's files can't be told apart: tell the TA, grade nothing
├── RosterError                  a class list, or a line of it, can't be used: tell the TA where
├── RunError                     the machine or the grader failed: tell the TA, never a zero
├── ClassError                   a class can't go on: tell the TA, keep what is finished
├── IsolationError               student code can't be kept in here: tell the TA, run nothing
├── TrainingError                a training is over the assignment's limits: tell the student
├── RecordingError               a recording is damaged or forged: never a pass, never a crash
├── ExpectationError             no expected value under that name, or none for these data
├── AuditError                   an assignment can't be audited: tell its author, run nothing
├── StoreError                   finished trainings can't be kept or found: tell the TA where
├── GradebookError               scores can't be kept, found or entered: tell the TA what to do
└── ExportError                  scores can't be handed on: tell the TA what to name or to mend

Messages say what happened, where, and what to do. They are worded in this package, in class
methods, so that one place shows every sentence that people may meet.
"""

from graders.errors.base import TensormarkError, is_about_the_disk
from graders.errors.classes import ClassError, ExportError, GradebookError, RosterError
from graders.errors.course import AssignmentError, AuditError, ExpectationError
from graders.errors.running import (
    IsolationError,
    RecordingError,
    RunError,
    StoreError,
    TrainingError,
)
from graders.errors.work import IntakeError, SubmissionError

__all__ = [
    "AssignmentError",
    "AuditError",
    "ClassError",
    "ExpectationError",
    "ExportError",
    "GradebookError",
    "IntakeError",
    "IsolationError",
    "RecordingError",
    "RosterError",
    "RunError",
    "StoreError",
    "SubmissionError",
    "TensormarkError",
    "TrainingError",
    "is_about_the_disk",
]
