"""tensormark's engine: run a submission, check its recording, report the result."""

__version__ = "0.1.0"
