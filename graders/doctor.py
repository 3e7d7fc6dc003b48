"""What this machine offers for grading."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import psutil

from graders.assignment import list_assignments, load_assignment
from graders.errors import StoreError
from graders.quiet import quiet_imports
from graders.sandbox.isolation import look
from graders.sandbox.plan import (
    CONTROL_GROUP,
    DESCRIPTORS,
    ENVIRONMENT,
    FILES,
    FILTER,
    LANDLOCK,
    LIMITS,
    NETWORK,
    NO_PRIVILEGES,
    OTHER_USER,
    PROCESSES,
    REQUIRED,
    SHARED_MEMORY,
    USER_NAMESPACE,
)
from graders.training.store import Store, default_root
from reference.datasets import locate
from reference.datasets.sources import DataSetError

_PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "ipython", "nbformat", "pytest")
_COURSE = {
    "scikit-learn": "scikit-learn",
    "pandas": "pandas",
    "seaborn": "seaborn",
    "opencv-python-headless": "OpenCV",
    "tensorboard": "TensorBoard",
}

# What each layer takes away from a submission.
_LAYERS = {
    OTHER_USER: "it runs under a number that no account has",
    USER_NAMESPACE: "no right of this user goes beyond its own namespace",
    PROCESSES: "it sees and signals no process but its own; all of them end with it",
    FILES: "it sees Python, system libraries and the data, read-only, and a folder of its own",
    NETWORK: "no network, not even this machine's own",
    SHARED_MEMORY: "no shared memory or message queue of others",
    FILTER: "system calls that no notebook needs are refused",
    NO_PRIVILEGES: "nothing that it starts gains rights",
    LIMITS: "memory, processor time, files, processes are bounded; from outside, time and memory "
    "of all its processes are watched",
    DESCRIPTORS: "nothing that the grader has open is inherited but one channel",
    ENVIRONMENT: "few environment variables, none of the grader's own",
    LANDLOCK: "a second wall around the files",
}


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, what was found, and what to do about it."""

    what: str
    state: Literal["ok", "note", "missing"]
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at versions, device, data sets, the store of trainings and process isolation."""
    return [_system(), *_packages(), _device(), *_data_sets(), _store(), *_isolation()]


def _system() -> Finding:
    memory = psutil.virtual_memory()
    found = (
        f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores, "
        f"{memory.available / 1e9:.0f} of {memory.total / 1e9:.0f} GB memory free"
    )
    return Finding("machine", "ok", found)


def _packages() -> list[Finding]:
    findings = []
    for name in _PACKAGES:
        found = _version(name)
        advice = "" if found else f"pip install {name}"
        findings.append(Finding(name, "ok" if found else "missing", found or "missing", advice))
    absent = [label for name, label in _COURSE.items() if not _version(name)]
    findings.append(
        Finding(
            "course packages",
            "note" if absent else "ok",
            f"missing: {', '.join(absent)}" if absent else ", ".join(_COURSE.values()),
            "Submissions that import them fail: pip install 'tensormark[course]'" if absent else "",
        )
    )
    return findings


def _device() -> Finding:
    try:
        with quiet_imports():
            import tensorflow as tf
    except ImportError as error:
        return Finding("device", "missing", f"TensorFlow can't be imported: {error}", "")
    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    if names:
        return Finding("device", "ok", ", ".join(names))
    return Finding("device", "ok", "CPU", "For a GPU: pip install 'tensormark[gpu]'")


def _data_sets() -> list[Finding]:
    names = {n for a in list_assignments() for n in load_assignment(a).data_sets}
    findings = []
    for name in sorted(names):
        try:
            data = locate(name, "local")
        except DataSetError as error:
            findings.append(Finding(name, "missing", str(error)))
            continue
        builtin = data.source.startswith("built-in")
        findings.append(
            Finding(
                name,
                "note" if builtin else "ok",
                f"{data.source}, {data.fingerprint}",
                f"For real data set TENSORMARK_DATA to a folder with {name}.npz" if builtin else "",
            )
        )
    return findings


def _store() -> Finding:
    try:
        info = Store(default_root()).info()
    except StoreError as error:
        return Finding("trainings", "missing", str(error))
    found = f"{info.root}: {info.entries:,} finished, {info.bytes / 1e6:,.0f} MB"
    return Finding("trainings", "ok", found)


def _isolation() -> list[Finding]:
    """Try the walls out; a student who checks own work needs none, whoever grades others does."""
    isolation = look()
    absent: Literal["note", "missing"] = "missing" if sys.platform == "linux" else "note"
    users = {OTHER_USER, USER_NAMESPACE}
    shown = [*(sorted(users & {*isolation.layers}) or [USER_NAMESPACE]), *REQUIRED, LANDLOCK]
    findings = []
    for layer in shown:
        if layer in isolation.layers:
            findings.append(Finding(layer, "ok", _LAYERS[layer]))
        else:
            state = absent if layer in REQUIRED else "note"
            findings.append(Finding(layer, state, f"not to be had: {_LAYERS[layer]}"))
    findings.append(_control_group(isolation.groups))
    if isolation.missing:
        found = f"`grade` refuses to run without the layers below ({isolation.why})"
        whole = Finding("isolation", absent, found, "\n".join(isolation.advice))
    else:
        whole = Finding("isolation", "ok", "student code can be kept in, by these layers:")
    return [whole, *findings]


def _control_group(groups: Path | None) -> Finding:
    if groups is not None:
        return Finding(CONTROL_GROUP, "ok", "the kernel bounds memory and processes")
    found = "none is delegated: memory and processes are counted four times a second instead"
    advice = "For one: systemd-run --user --scope -p Delegate=yes tensormark grade ..."
    return Finding(CONTROL_GROUP, "note", found, advice)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
