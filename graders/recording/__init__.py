"""The recording: what a run leaves behind, and how the trusted side reads it."""

from graders.recording.reader import RecordingFolder

__all__ = ["RecordingFolder"]
