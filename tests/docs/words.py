"""The sentences of the pages and their French: `python -m tests.docs.words` brings `fr.po` up to date.

It finds every sentence in code and templates, keeps the French there is, drops what nobody uses any more, and sorts. A
sentence that is new stands there without French, and is printed: write it, and a test is green again. Where a merge left
the file in conflict, run this: it takes both sides.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "webui/translations/fr.po"
LANGUAGE = "fr"
PLURALS = "nplurals=2; plural=(n > 1)"
"""None and one take the first form of a French sentence."""
HEADER = f"""\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {PLURALS};\\n"

"""
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext.babel_extract")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_MARKS = re.compile(r"^(<{7}|={7}|>{7}|\|{7}).*\n", re.MULTILINE)


def main() -> int:
    """Write the file anew; gives 1 where a sentence has no French yet."""
    BOOK.write_text(text_of(merged(kept(), used())), "utf-8", newline="\n")
    missing = [one for one in kept() if one.id and not translated(one)]
    for one in missing:
        sys.stdout.write(f"{BOOK.name} has no French for: {one.id}\n")
    return 1 if missing else 0


def used() -> Catalog:
    """Every sentence that code and templates show."""
    found = Catalog()
    for _, _, message, _, context in extract_from_dir(
        ROOT / "webui",
        _METHODS,
        _OPTIONS,
        keywords=_KEYWORDS,
        strip_comment_tags=True,
    ):
        found.add(message, context=context)
    return found


def kept() -> Catalog:
    """What the file holds; of one that a merge left in conflict, both sides."""
    return read_po(io.StringIO(_MARKS.sub("", BOOK.read_text("utf-8"))), locale=LANGUAGE)


def merged(old: Catalog, now: Catalog) -> Catalog:
    """The sentences used now, with the French they had."""
    made = Catalog(locale=LANGUAGE)
    made.mime_headers = [("Plural-Forms", PLURALS)]
    for one in now:
        if one.id:
            before = old.get(one.id if isinstance(one.id, str) else one.id[0], one.context)
            made.add(one.id, before.string if before and before.id == one.id else "", context=one.context)
    return made


def text_of(book: Catalog) -> str:
    """The file's text: sorted, a line a sentence, without dates and places, which would conflict at every change."""
    out = io.BytesIO()
    write_po(out, book, width=0, no_location=True, omit_header=True, sort_output=True)
    return HEADER + out.getvalue().decode()


def translated(one: Message) -> bool:
    """Whether a sentence has its French, in every number it can have."""
    return all(forms(one.string))


def forms(said: str | Sequence[str] | None) -> list[str]:
    """A sentence in each of its numbers."""
    return [said] if isinstance(said, str) else list(said or ())


if __name__ == "__main__":
    sys.exit(main())
