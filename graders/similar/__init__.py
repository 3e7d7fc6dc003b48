"""Find submissions that are nearly the same: a hint for a person, never a score."""

from graders.similar.find import Similar, find_similar
from graders.similar.fingerprint import Fingerprint, Starter, fingerprint, starter_of
from graders.similar.traces import Traces, fingerprint_of

__all__ = [
    "Fingerprint",
    "Similar",
    "Starter",
    "Traces",
    "find_similar",
    "fingerprint",
    "fingerprint_of",
    "starter_of",
]
