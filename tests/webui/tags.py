"""A page taken apart."""

from __future__ import annotations

from html.parser import HTMLParser


class Tags(HTMLParser):
    """Every element of a page with its attributes, and the text between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.inside: dict[str, list[str]] = {}
        self.depth = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append((tag, dict(attrs)))
        self.depth += tag == "svg"
        if self.depth:
            self.inside.setdefault(tag, []).append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Know where a picture ends."""
        self.depth -= tag == "svg"

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data

    def pictured(self, name: str) -> list[str]:
        """These elements inside of pictures."""
        return self.inside.get(name, [])

    def values(self, *names: str) -> list[str]:
        """All values of these attributes."""
        return [value or "" for _, attrs in self.tags for name, value in attrs.items() if name in names]
