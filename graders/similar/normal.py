"""Bring code to a form in which two ways to write the same are equal.

Names of one's own, comments, texts, layout, quotes, the spelling of numbers and the path by which
something is imported don't matter: `tf.keras.layers.Dense` and `Dense` are one.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Sequence

from graders.similar.lexer import Line, Token, lines

# A line in its normal form.
Normal = tuple[str, ...]

# More than any notebook of a course has, outputs aside.
CHARACTERS = 200_000
# So are modules called, even where the import stands in a line that is skipped.
_MODULES = {"keras", "np", "numpy", "plt", "tf"}
_KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins))
_OWN, _TEXT = "v", "s"
_LONGEST_NUMBER = 40
# A setting such as "relu"; any other text is what a person reads.
_SETTING = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
# Round brackets and commas come and go with the layout.
_DROPPED, _ROUND = frozenset(",?$`"), frozenset("()")


def normal_cells(sources: Sequence[str]) -> list[list[Normal]]:
    """Return the lines of each cell in their normal form; imports and lone texts are left out.

    Args:
        sources: the code cells of one submission. Beyond `CHARACTERS` characters nothing is read.

    """
    cells = [lines(source) for source in _bounded(sources)]
    imported = {name: name for name in _MODULES}
    for cell in cells:
        for line in cell:
            imported.update(_imports(line))
    normal = ([_normal(line, imported) for line in cell if not _is_import(line)] for cell in cells)
    # A lone name or text does nothing but be shown.
    return [[line for line in cell if len(line) > 1] for cell in normal]


def _bounded(sources: Iterable[str]) -> Iterable[str]:
    left = CHARACTERS
    for source in sources:
        yield source[:left]
        left -= len(source)
        if left <= 0:
            return


def _is_import(line: Line) -> bool:
    return line[0].text == "import" or (
        line[0].text == "from" and any(token.text == "import" for token in line)
    )


def _imports(line: Line) -> dict[str, str]:
    """Return the names that an import binds, each with what it stands for."""
    if not _is_import(line):
        return {}
    words = [token.text for token in line]
    plain = words[0] == "import"
    found: dict[str, str] = {}
    path: list[str] = []
    alias = False
    for word in [*words[words.index("import") + 1 :], ","]:
        if word == ",":
            if path:
                # `import a.b` binds a; `import a.b as c` and `from a import b as c` bind c.
                bound = path[-1] if alias or not plain else path[0]
                found[bound] = path[-2] if alias and len(path) > 1 else bound
            path, alias = [], False
        elif word == "as":
            alias = True
        elif word.isidentifier():
            path.append(word)
    return found


def _normal(line: Line, imported: dict[str, str]) -> Normal:
    """Bring one line to its normal form."""
    found: list[str] = []
    depth, printing = 0, 0  # brackets that are open, and how many when `print(` came
    at = 0
    while at < len(line):
        token = line[at]
        at += 1
        if token.text in _DROPPED:
            continue
        if token.text in {"(", "[", "{"}:
            depth += 1
            printing = printing or (depth if found[-1:] == ["print"] else 0)
        elif token.text in {")", "]", "}"}:
            depth -= 1
            printing = printing if depth >= printing else 0
        if token.kind == "name":
            dotted, at = _dotted(line, at)
            found += _name(token.text, dotted, imported)
        elif token.kind == "number":
            found.append(_number(token.text))
        elif token.kind == "string":
            text = _text(token)
            # Texts that follow each other are one text, and what is printed is for people.
            if not printing and not (text == _TEXT and found[-1:] == [_TEXT]):
                found.append(text)
        elif token.text not in _ROUND:
            found.append(token.text)
    return () if set(found) <= {_TEXT} else tuple(found)


def _dotted(line: Line, at: int) -> tuple[list[str], int]:
    """Read `.a.b` behind a name; returns the names, and where it ends."""
    names = []
    while at + 1 < len(line) and line[at].text == "." and line[at + 1].kind == "name":
        names.append(line[at + 1].text)
        at += 2
    return names, at


def _name(root: str, dotted: list[str], imported: dict[str, str]) -> list[str]:
    if root in imported:
        return [dotted[-1] if dotted else imported[root]]
    return [root if root in _KEPT else _OWN, *(f".{name}" for name in dotted)]


def _number(text: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        return "n"
    try:
        value = int(text, 0) if text[:2].lower() in {"0b", "0o", "0x"} else float(text)
        return f"{float(value):.10g}"
    except ValueError:
        return text.lower()


def _text(token: Token) -> str:
    start = min(at for at in (token.text.find('"'), token.text.find("'")) if at >= 0)
    content = token.text[start:].strip("\"'")
    if "f" in token.text[:start].lower() or not _SETTING.fullmatch(content):
        return _TEXT
    return f"'{content.lower()}"
