"""`tensormark cache`: look at the store of finished trainings, and tidy it up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from graders.errors import StoreError
from graders.options import StoreOption, console, stop

if TYPE_CHECKING:
    from graders.training.store import Store

cache = typer.Typer(
    name="cache", help="Look at the finished trainings that are kept.", no_args_is_help=True
)


@cache.command()
def info(store: StoreOption = None) -> None:
    """Show where finished trainings are kept, how many, and how large they are."""
    try:
        found = _open(store).info()
    except StoreError as error:
        stop(str(error))
    if not found.entries:
        _say_empty(found.root)
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("folder", Text(str(found.root)))
    table.add_row("trainings", f"{found.entries:,}")
    table.add_row(
        "size", f"{decimal(found.bytes)}; prune keeps at most {decimal(found.limit_bytes)}"
    )
    table.add_row("last used", _day(found.newest))
    table.add_row("unused since", _day(found.oldest))
    console.print(table)


@cache.command()
def verify(store: StoreOption = None) -> None:
    """Read every training, and remove what is damaged. Exit status: 1 if anything was."""
    from graders.progress import Steps

    kept = _open(store)
    checked = damaged = 0
    try:
        with Steps(console, "trainings", kept.info().entries) as shown:
            for fingerprint, fault in kept.verify():
                checked += 1
                damaged += bool(fault)
                shown.advance()
                if fault:
                    console.print(Text(f"{fingerprint}: {fault}"))
    except StoreError as error:
        stop(str(error))
    if not checked:
        _say_empty(kept.root)
    elif not damaged:
        console.print(f"Intact: {_trainings(checked)}.")
    else:
        console.print(
            f"Damaged: {damaged:,} of {_trainings(checked)}. They are trained again when "
            "they are needed."
        )
        raise typer.Exit(1)


@cache.command()
def prune(
    store: StoreOption = None,
    size: Annotated[
        float | None,
        typer.Option(help="Keep at most so many GB of what was used last.", min=0),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove every training.")] = False,
) -> None:
    """Remove the trainings that weren't used for longest, and what interrupted runs left."""
    if everything and size is not None:
        raise typer.BadParameter("--all leaves nothing, so --size has no meaning beside it.")
    kept = _open(store)
    limit = kept.limit_bytes if size is None else int(size * 1e9)
    try:
        if not kept.info().entries:
            _say_empty(kept.root)
        pruned = kept.prune(0 if everything else limit)
        left = kept.info()
    except StoreError as error:
        stop(str(error))
    if pruned.entries or left.entries:
        console.print(
            f"Removed: {_trainings(pruned.entries)} ({decimal(pruned.bytes)}). "
            f"Kept: {_trainings(left.entries)} ({decimal(left.bytes)})."
        )


def _open(folder: Path | None) -> Store:
    from graders.training.store import Store, default_root

    return Store(default_root() if folder is None else folder.expanduser().resolve())


def _say_empty(root: Path) -> None:
    console.print(Text(f"Nothing has been trained yet: {root} holds no trainings."))


def _trainings(number: int) -> str:
    return f"{number:,} training" if number == 1 else f"{number:,} trainings"


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else ""
