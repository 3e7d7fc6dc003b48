"""What check authors assert about files: a trained network that was saved, arrays that were loaded.

Which files there were is what the student's process says of itself, like all that it records. What
a loaded network can do is another matter: its later training, which the grader carries out, goes on
where the saved one ended (`TrainingRecord.start`).
"""

from __future__ import annotations

from graders.checks.attempts import Attempt, place
from graders.checks.outcome import CheckFailed, NotAttempted
from graders.recording import RecordingFolder
from graders.recording.schema import FileRecord

_NAME = 60
# No log and no table of a course's work has so many bytes.
_LARGE = 500_000
_SAVE = "Call model.save('name.keras') after fit(): the file holds layers, weights and optimizer."
_LOAD = "Call keras.models.load_model('name.keras') with the name that you saved it under."


def saved_networks(recording: RecordingFolder) -> list[FileRecord]:
    """List the networks that were saved whole, in the order of their saving."""
    return _files(recording, "saved", "network")


def loaded_networks(recording: RecordingFolder) -> list[FileRecord]:
    """List the networks that were loaded: whole, or the weights into one that was built anew."""
    return _files(recording, "loaded", "network", "weights")


def assert_saved_network(
    recording: RecordingFolder,
    attempt: Attempt,
    *,
    what: str = "the trained network",
    hint: str = "",
) -> FileRecord:
    """Assert that a network was saved after its training: layers, weights and optimizer.

    Args:
        recording: the run.
        attempt: the network with the training that the file has to hold; a later training of the
            same network does as well.
        what: the network in words, for the message.
        hint: one thing to try, in place of the usual.

    Returns:
        The record of the file; the last one where there are several.

    Raises:
        NotAttempted: nothing of any network was saved.
        CheckFailed: another network was saved, its weights alone, or it without its training or
            its optimizer.

    """
    expected = f"{what}, saved after its training with its weights and its optimizer"
    saved = _files(recording, "saved", "network", "weights")
    if not saved:
        raise NotAttempted(
            f"Nothing was saved of {what}, nor of any other network.",
            expected=expected,
            found="no file with a network",
            where=attempt.where,
            hint=hint or _SAVE,
        )
    own = [file for file in saved if _is_of(file, attempt)]
    trained = [file for file in own if _is_trained(file, attempt)]
    whole = [file for file in trained if file.kind == "network"]
    complete = [file for file in whole if file.optimizer]
    if complete:
        return complete[-1]
    cases = (
        (
            whole,
            "was saved without its optimizer, so that its training can't be taken up again",
            "Compile it before it is saved, and leave include_optimizer=False out.",
        ),
        (trained, "had only its weights saved, not its layers and its optimizer", _SAVE),
        (own, "was saved before this training, and not again after it", _SAVE),
        (saved, "was not saved; other networks were", _SAVE),
    )
    files, problem, usual = next(case for case in cases if case[0])
    raise CheckFailed(
        f"{what[:1].upper()}{what[1:]} {problem}.",
        expected=expected,
        found=_listed(files),
        where=_where(files[-1]),
        hint=hint or usual,
    )


def assert_loaded_network(
    recording: RecordingFolder,
    attempt: Attempt | None = None,
    *,
    what: str = "the saved network",
    hint: str = "",
) -> FileRecord:
    """Assert that a network that was saved in this run was loaded again.

    Args:
        recording: the run.
        attempt: the network with the training that it has to hold; None takes any.
        what: the network in words, for the message.
        hint: one thing to try, in place of the usual.

    Returns:
        The record of the file, by load_model or load_weights; the last one of several.

    Raises:
        NotAttempted: no network was loaded.
        CheckFailed: it came from a file that this run did not write, or is another one.

    """
    expected = f"{what}, loaded from the file that it was saved to"
    loaded = loaded_networks(recording)
    if not loaded:
        raise NotAttempted(
            f"{what[:1].upper()}{what[1:]} was not loaded again.",
            expected=expected,
            found="no call of load_model() or load_weights()",
            hint=hint or _LOAD,
        )
    known = {file.id for file in _files(recording, "saved", "network", "weights")}
    own = [file for file in loaded if file.saved_by in known]
    if not own:
        raise CheckFailed(
            "A network was loaded from a file that the work did not save itself when it ran.",
            expected=expected,
            found=_listed(loaded),
            where=_where(loaded[-1]),
            hint=hint or "Save the network in the work, before the cell that loads it.",
        )
    right = [f for f in own if attempt is None or _holds(recording, f, attempt)]
    if right:
        return right[-1]
    raise CheckFailed(
        f"Another network than {what} was loaded.",
        expected=expected,
        found=_listed(own),
        where=_where(own[-1]),
        hint=hint or _LOAD,
    )


def assert_saved_arrays(
    recording: RecordingFolder, *, at_least_bytes: int = 1, what: str, hint: str = ""
) -> FileRecord:
    """Assert that a file of numbers was saved, such as .npy, .npz or .csv.

    Args:
        recording: the run.
        at_least_bytes: how large it has to be.
        what: what the file holds in words, for the message.
        hint: one thing to try, in place of the usual.

    Returns:
        The record of the file; the last one of several.

    Raises:
        NotAttempted: none was saved.
        CheckFailed: none is large enough.

    """
    return _arrays(
        _of_numbers(recording, "saved", at_least_bytes),
        at_least_bytes,
        f"{what}, saved to a file",
        f"No file with {what} was saved.",
        hint or "Call np.save('name.npy', array), or np.savez() for several.",
    )


def assert_loaded_arrays(
    recording: RecordingFolder, *, at_least_bytes: int = 1, what: str, hint: str = ""
) -> FileRecord:
    """Assert that a file of numbers that was saved in this run was loaded again.

    Args:
        recording: the run.
        at_least_bytes: how large it has to be.
        what: what the file holds in words, for the message.
        hint: one thing to try, in place of the usual.

    Returns:
        The record of the file; the last one of several.

    Raises:
        NotAttempted: none was loaded.
        CheckFailed: none was written by this run, or none is large enough.

    """
    loaded = _of_numbers(recording, "loaded", at_least_bytes)
    known = {file.id for file in _files(recording, "saved", "arrays", "other")}
    own = [file for file in loaded if file.saved_by in known]
    expected = f"{what}, loaded from the file that it was saved to"
    if loaded and not own:
        raise CheckFailed(
            "A file was loaded that the work did not save itself when it ran.",
            expected=expected,
            found=_listed(loaded),
            where=_where(loaded[-1]),
            hint=hint or f"Save {what} in the work, before the cell that loads it.",
        )
    return _arrays(
        own,
        at_least_bytes,
        expected,
        f"No file with {what} was loaded.",
        hint or "Call np.load() with the name that you saved it under.",
    )


def _arrays(
    files: list[FileRecord], least: int, expected: str, missing: str, hint: str
) -> FileRecord:
    if not files:
        raise NotAttempted(missing, expected=expected, found="no such file", hint=hint)
    right = [file for file in files if (file.size or 0) >= least]
    if right:
        return right[-1]
    raise CheckFailed(
        f"The largest file of numbers has {max(f.size or 0 for f in files):,} bytes, which is too "
        "little to hold that.",
        expected=f"{expected}, of {least:,} bytes or more",
        found=_listed(files),
        where=_where(files[-1]),
        hint=hint,
    )


def _of_numbers(recording: RecordingFolder, action: str, least: int) -> list[FileRecord]:
    """List the files that hold numbers: by their kind, or as nothing else is as large.

    Arrays can be kept in a form of one's own, or as a folder of pictures.
    """
    others = [f for f in _files(recording, action, "other") if (f.size or 0) >= max(least, _LARGE)]
    return sorted([*_files(recording, action, "arrays"), *others], key=lambda file: file.id)


def _files(recording: RecordingFolder, action: str, *kinds: str) -> list[FileRecord]:
    return [f for f in recording.data.files if f.action == action and f.kind in kinds]


def _is_of(file: FileRecord, attempt: Attempt) -> bool:
    """Whether a file is of this network, in whichever state."""
    training = attempt.training
    by_weights = training is not None and file.after_training == training.id
    return by_weights or (file.model is not None and file.model == attempt.network.model)


def _is_trained(file: FileRecord, attempt: Attempt) -> bool:
    """Whether it holds what this training left, or a later one of the same network."""
    training = attempt.training
    return training is None or (
        file.after_training is not None and file.after_training >= training.id
    )


def _holds(recording: RecordingFolder, file: FileRecord, attempt: Attempt) -> bool:
    source = next((one for one in recording.data.files if one.id == file.saved_by), file)
    return any(_is_of(one, attempt) and _is_trained(one, attempt) for one in (source, file))


def _listed(files: list[FileRecord]) -> str:
    names = [f"{_shown(file.name)}{_in(file)}{_without(file)}" for file in files[-3:]]
    more = f", and {len(files) - 3} before" if len(files) > 3 else ""
    return ", ".join(names) + more


def _shown(name: str) -> str:
    """Bring a student's file name into a sentence: the end of a long one tells more."""
    name = "".join(c if c.isprintable() else "?" for c in name)
    return name if len(name) <= _NAME else f"...{name[-_NAME:]}"


def _in(file: FileRecord) -> str:
    where = _where(file)
    return f" in {where}" if where else ""


def _without(file: FileRecord) -> str:
    if file.kind == "weights":
        return " (weights alone)"
    return " (without its optimizer)" if file.optimizer is False else ""


def _where(file: FileRecord) -> str:
    return place(file.cell)
