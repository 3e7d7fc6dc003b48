"""Split a script into cells, so that one failing part doesn't take the rest with it.

Markers are respected where there are any: `# %%` (Spyder, VS Code, jupytext), `# In[3]:` (what
Jupyter's export writes), `# <codecell>`. A script without markers is split where a blank line
separates complete statements. IPython judges what is complete, so magics and shell escapes count.
"""

from __future__ import annotations

import re
from typing import Literal

Part = tuple[Literal["code", "markdown"], str]

_MARKER = re.compile(r"^#\s*(%%.*|In\s*\[[\d* ]*\]:?.*|<(?:code|markdown)cell>.*)$")
_MARKDOWN = re.compile(r"^#\s*(%%\s*\[(markdown|md)\]|<markdowncell>)", re.IGNORECASE)
_BLANK = re.compile(r"\n[ \t]*\n(?=\S)")
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
    pieces = _BLANK.split(text)
    groups: list[str] = []
    position = 0
    while position < len(pieces):
        length = _complete_length(manager, pieces[position:])
        groups.append("\n\n".join(pieces[position : position + length]))
        position += length
    return [group for group in groups if group.strip()]


def _complete_length(manager: object, pieces: list[str]) -> int:
    """How many pieces make the first complete group; 1 where none ever does."""
    source = ""
    for count, piece in enumerate(pieces[:_JOINED_AT_MOST], start=1):
        source = f"{source}\n\n{piece}" if source else piece
        following = pieces[count] if count < len(pieces) else ""
        if re.match(r"(else|elif|except|finally)\b", following):
            continue
        # The blank line tells IPython that an indented block has ended.
        status, _ = manager.check_complete(source.rstrip() + "\n\n")  # type: ignore[attr-defined]
        if status == "complete":
            return count
        if status == "invalid":
            return 1
    return 1
