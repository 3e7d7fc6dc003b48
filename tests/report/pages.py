"""Read a page as a strict browser would, to check what it holds."""

from __future__ import annotations

from html.parser import HTMLParser

# Elements without an end tag.
_VOID = {"br", "col", "hr", "img", "input", "link", "meta"}
_SILENT = {"style", "title", "head"}


class PageReader(HTMLParser):
    """Collects tags, attributes, headings and text; complains about tags that don't match."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.headings: list[tuple[int, str]] = []
        self._text: list[str] = []

    @classmethod
    def read(cls, html: str) -> PageReader:
        reader = cls()
        reader.feed(html)
        reader.close()
        reader.problems += [f"<{tag}> is never closed" for tag in reader.open]
        return reader

    @property
    def text(self) -> str:
        """All text that is shown, on one line."""
        return " ".join(" ".join(self._text).split())

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [value for _, attribute, value in self.attributes if attribute == name]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.headings.append((int(tag[1]), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> at line {self.getpos()[0]} closes {self.open[-1:]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if _SILENT.isdisjoint(self.open):
            self._text.append(data)
        if self.headings and {"h1", "h2", "h3"} & set(self.open):
            level, text = self.headings[-1]
            self.headings[-1] = (level, f"{text}{data}")

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> at line {self.getpos()[0]} repeats an attribute")
