"""Split a script into cells, so that one failing part doesn't take the rest with it.

Markers are respected where there are any: `# %%` (Spyder, VS Code, jupytext), `# In[3]:` (what
Jupyter's export writes), `# <codecell>`. A script without markers is split where a blank line
separates complete statements. IPython judges what is complete, so magics and shell escapes count.
"""

from __future__ import annotations

import re
import warnings
from typing import Literal

Part = tuple[Literal["code", "markdown"], str]

_MARKER = re.compile(r"^#\s*(%%.*|In\s*\[[\d* ]*\]:?.*|<(?:code|markdown)cell>.*)$")
_MARKDOWN = re.compile(r"^#\s*(%%\s*\[(markdown|md)\]|<markdowncell>)", re.IGNORECASE)
# What separates pieces is kept, because a text may run over it.
_BLANK = re.compile(r"(\n(?:[ \t]*\n)+(?=\S))")
_CONTINUES = re.compile(r"(?:[ \t]*#[^\n]*\n|[ \t]*\n)*(else|elif|except|finally)\b")
# A bracket left open makes everything after it incomplete; so far it is looked for its end.
_JOINED_AT_MOST = 100


def split_script(text: str) -> list[Part]:
    """Split a Python script into code and markdown parts, in order; no character is lost."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if _MARKER.match(line)]
    if not starts:
        return [("code", part) for part in _statements(text)]
    parts: list[Part] = []
    for start, end in zip([0, *starts], [*starts, len(lines)], strict=True):
        chunk = "\n".join(lines[start:end])
        if chunk.strip():
            parts.append(_part(chunk))
    return parts


def _part(chunk: str) -> Part:
    if not _MARKDOWN.match(chunk):
        return ("code", chunk)
    body = [line.removeprefix("#").removeprefix(" ") for line in chunk.split("\n")[1:]]
    return ("markdown", "\n".join(body))


def _statements(text: str) -> list[str]:
    """Join blank-line-separated pieces until each group is complete Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    manager = TransformerManager()
    split = _BLANK.split(text)
    # Each piece but the first brings the blank lines before it.
    pieces = [split[0], *(a + b for a, b in zip(split[1::2], split[2::2], strict=True))]
    groups: list[str] = []
    position = 0
    with warnings.catch_warnings():
        # IPython calls code with a warning, such as an odd escape, invalid.
        warnings.simplefilter("ignore")
        while position < len(pieces):
            length = _complete_length(manager, pieces[position:])
            groups.append("".join(pieces[position : position + length]).strip("\n"))
            position += length
    return [group for group in groups if group.strip()]


def _complete_length(manager: object, pieces: list[str]) -> int:
    """How many pieces make the first complete group; 1 where none ever does."""
    source = ""
    for count, piece in enumerate(pieces[:_JOINED_AT_MOST], start=1):
        source += piece
        following = pieces[count] if count < len(pieces) else ""
        if _CONTINUES.match(following):
            continue
        try:
            # The blank line tells IPython that an indented block has ended.
            status, _ = manager.check_complete(source.rstrip() + "\n\n")  # type: ignore[attr-defined]
        except (RecursionError, MemoryError):  # one of its expressions is nested too deeply
            return 1
        if status == "complete":
            return count
        if status == "invalid":
            return 1
    return 1
