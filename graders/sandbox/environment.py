"""The environment variables that student code sees: few, and none of the grader's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

# Kept from the grader's environment: what Python, TensorFlow and the locale need to work.
_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "SYSTEMROOT",
    "VIRTUAL_ENV",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
)
# Everything that changes os.environ for a while holds this, or threads put back each other's.
ENVIRONMENT_LOCK = RLock()


def server_environment(device: str) -> dict[str, str]:
    """Environment of the process that imports TensorFlow and forks the runners."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept |= {
        "HOME": os.environ.get("HOME", str(Path.home())),
        "KERAS_BACKEND": "tensorflow",
        "MPLBACKEND": "agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        # Else Python would import from the folder that the command was started in, which may well
        # be that of the submissions.
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        # Start-up notices of the C++ side: a student can't act on them.
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if device == "cpu":
        kept["CUDA_VISIBLE_DEVICES"] = "-1"
    return kept


def runner_environment(scratch: Path) -> dict[str, str]:
    """Environment of student code: the kept part, with every folder inside its scratch folder."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    temporary = scratch / ".tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return kept | {
        "HOME": str(scratch),
        "TMPDIR": str(temporary),
        "IPYTHONDIR": str(temporary / "ipython"),
        "MPLCONFIGDIR": str(temporary / "matplotlib"),
        "KERAS_HOME": str(temporary / "keras"),
        "KERAS_BACKEND": "tensorflow",
        "MPLBACKEND": "agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


@contextmanager
def replaced_environment(values: dict[str, str]) -> Iterator[None]:
    """Hold exactly these variables while a process is started, and put the old ones back."""
    with ENVIRONMENT_LOCK:
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update(values)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
