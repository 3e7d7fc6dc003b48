"""Split a script into cells, so that one failing part doesn't take the rest with it.

Markers are respected where there are any: `# %%` (Spyder, VS Code, jupytext), `# In[3]:` (what
Jupyter's export writes), `# <codecell>`. The text cells of Jupyter's export, which have no marker,
become text again. A script without markers is split where a blank line separates complete
statements. IPython judges what is complete, so magics and shell escapes count.
"""

from __future__ import annotations

import re
import warnings
from typing import Literal

Part = tuple[Literal["code", "markdown"], str]

_MARKER = re.compile(r"^#\s*(%%.*|In\s*\[[\d* ]*\]:?.*|<(?:code|markdown)cell>.*)$")
_EXPORTED = re.compile(r"^#\s*In\s*\[")
_MARKDOWN = re.compile(r"^#\s*(%%\s*\[(markdown|md)\]|<markdowncell>)", re.IGNORECASE)
# What separates pieces is kept, because a text may run over it.
_BLANK = re.compile(r"(\n(?:[ \t]*\n)+(?=\S))")
_GAP = re.compile(r"(\n(?:[ \t]*\n)+)")
# The first lines of Jupyter's export, and its blank lines behind code, and where a cell has none.
_HEADER = re.compile(r"^#(?:!| -\*-|\s*coding[:=])")
_BLANK_BEHIND_CODE, _BLANK_FOR_NO_CODE = 2, 4
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
            marker = lines[start] if _MARKER.match(lines[start]) else lines[starts[0]]
            exported = _EXPORTED.match(marker)
            parts.extend(_exported(chunk) if exported else [_part(chunk)])
    return parts


def _exported(chunk: str) -> list[Part]:
    """Part a code cell of Jupyter's export from the text cells behind it.

    The export puts two blank lines around a code cell and one between text cells, and `# ` before
    every line of a text, blank ones included: each text cell is one paragraph of comments. So
    what a student commented out at a code cell's end stays there.
    """
    pieces = _GAP.split(chunk.strip("\n").rstrip())  # paragraphs, and the gaps between them
    first = len(pieces)
    for at in range(len(pieces) - 1, -1, -2):
        if not _is_text(pieces[at]):
            break
        if _begins_text(pieces, at):
            first = at
    code = "".join(pieces[:first])
    parts: list[Part] = [("code", code)] if code.strip() else []
    parts.extend(("markdown", _without_hashes(piece.split("\n"))) for piece in pieces[first::2])
    return parts


def _part(chunk: str) -> Part:
    if not _MARKDOWN.match(chunk):
        return ("code", chunk)
    return ("markdown", _without_hashes(chunk.split("\n")[1:]))


def _without_hashes(lines: list[str]) -> str:
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)


def _is_text(paragraph: str) -> bool:
    lines = paragraph.split("\n")
    if any(_MARKER.match(line) or _HEADER.match(line) for line in lines):
        return False
    # With these it may be the end of a long string.
    if any(quotes in paragraph for quotes in ('"' * 3, "'" * 3)):
        return False
    return all(line == "#" or line.startswith("# ") for line in lines)


def _begins_text(pieces: list[str], at: int) -> bool:
    """Tell whether a paragraph of comments stands where the export puts a text cell."""
    if at == 0:
        return True
    before, blank = pieces[at - 2], pieces[at - 1].count("\n") - 1
    if _MARKER.match(before):
        return blank >= _BLANK_FOR_NO_CODE
    return blank >= _BLANK_BEHIND_CODE or bool(_HEADER.match(before))


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
