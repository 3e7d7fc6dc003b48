"""The boundary around student code: start its process, watch it, end it."""

from graders.sandbox.job import Job, ServedFile
from graders.sandbox.process import Sandbox
from graders.sandbox.server import ForkServer

__all__ = ["ForkServer", "Job", "Sandbox", "ServedFile"]
