"""Cut student code into tokens without Python's compiler, which some texts crash or keep busy.

Every character is read once: all repetitions are possessive, and what one of them has gone through
belongs to its token, whether the token ends as it should or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["name", "number", "string", "sign", "end", "skip"]

_TOKEN = re.compile(
    r"""
    (?P<skip>   [^\S\n]++ | \#[^\n]*+ | \\\n )
  | (?P<end>    \n )
  | (?P<string> [bBfFrRtTuU]{0,2}
        (?: \"\"\" (?: [^"\\]++ | \\. | "(?!"") )*+ (?:\"\"\")?
          | '''    (?: [^'\\]++ | \\. | '(?!'') )*+ (?:''')?
          | "      (?: [^"\\\n]++ | \\. )*+ "?
          | '      (?: [^'\\\n]++ | \\. )*+ '? ) )
  | (?P<name>   [^\W\d]\w*+ )
  | (?P<number> 0[bBoOxX][0-9a-fA-F_]++
              | (?: [0-9][0-9_]*+ (?:\.[0-9_]*+)? | \.[0-9][0-9_]*+ ) (?:[eE][-+]?[0-9_]++)? [jJ]? )
  | (?P<sign>   \*\*=? | //=? | >>=? | <<=? | -> | [-+*/%&|^=<>!@:]= | . )
    """,
    re.VERBOSE | re.DOTALL,
)
# Cell magics that run Python; behind any other one stands something else.
_PYTHON_MAGICS = {"%%time", "%%timeit", "%%capture", "%%prun"}
_MAGIC = re.compile(r"\s*+(%%[\w!]*+)[^\n]*+")
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


class Token(NamedTuple):
    """A piece of code as it was written."""

    kind: Kind
    text: str


Line = list[Token]


def pieces(text: str) -> Iterator[Token]:
    """Cut any text into tokens, blanks and comments included: joined, they are the text."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # the last alternative takes any character
            return
        yield Token(match.lastgroup, match.group())  # type: ignore[arg-type]  # one of Kind
        position = match.end()


def lines(source: str) -> list[Line]:
    """Return the statements of a cell; magics, shell lines, comments and blanks are left out.

    A bracket that is left open joins all that follows into one line.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    magic = _MAGIC.match(source)
    if magic is not None:
        if magic[1] not in _PYTHON_MAGICS:
            return []
        source = source[magic.end() :]
    found: list[Line] = [[]]
    depth = 0
    escaped = False
    for token in pieces(source):
        line = found[-1]
        if token.kind == "end" or (token.text == ";" and depth == 0):
            escaped = escaped and token.kind != "end"
            if line and depth == 0:
                found.append([])
        elif escaped or token.kind == "skip":
            continue
        elif depth == 0 and _leaves_python(line, token.text):
            escaped = True
        else:
            depth = max(0, depth + (token.text in _OPEN) - (token.text in _CLOSE))
            line.append(token)
    return [line for line in found if line]


def _leaves_python(line: Line, text: str) -> bool:
    """Whether the rest of a line is for IPython or the shell: `%time`, `!pip`, `files = !ls`."""
    return text in {"!", "%"} and (not line or line[-1].text == "=")
