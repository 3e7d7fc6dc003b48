"""The boundary around student code: start its process, keep it in, watch it, end it."""

from graders.sandbox.isolation import Isolation, Wish, find_isolation
from graders.sandbox.job import Job, ServedFile
from graders.sandbox.plan import Bounds
from graders.sandbox.process import Sandbox
from graders.sandbox.server import ForkServer

__all__ = [
    "Bounds",
    "ForkServer",
    "Isolation",
    "Job",
    "Sandbox",
    "ServedFile",
    "Wish",
    "find_isolation",
]
