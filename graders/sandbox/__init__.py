"""The boundary around student code: start its process, watch it, end it."""

from graders.sandbox.job import Job, ServedFile
from graders.sandbox.process import Sandbox

__all__ = ["Job", "Sandbox", "ServedFile"]
