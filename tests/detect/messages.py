"""Small messages for the tests of the judgement."""

from __future__ import annotations

from collections.abc import Mapping

import blocker
from blocker.detect.box import Box
from blocker.detect.context import Context
from blocker.detect.knowledge import default_rules
from blocker.detect.memory import Memory
from blocker.detect.report import Judged
from blocker.message.read import read

PIXEL = "https://t.sender.example/o/4f9d2b7c81e6a035"
PICTURE = "https://cdn.sender.example/harbour.jpg"
TO = "camille@example.org"


def mail(html: str, headers: Mapping[str, str] | None = None, charset: str = "utf-8") -> bytes:
    """A message of one HTML part."""
    fields = {
        "From": "Sender <news@sender.example>",
        "To": f"Camille <{TO}>",
        "Subject": "A letter",
        "Date": "Mon, 16 Nov 2026 10:00:00 +0000",
        "Message-ID": "<1@sender.example>",
        "MIME-Version": "1.0",
        "Content-Type": f"text/html; charset={charset}",
        "Content-Transfer-Encoding": "8bit",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode() + b"\r\n" + html.encode(charset, "replace")


def context(html: str, memory: Memory | None = None) -> Context:
    """What the evidence is asked about."""
    return Context(read(mail(html)), default_rules(), (), memory)


def box(html: str, vector: str | None = None) -> Box:
    """The box of the first reference, or of the first with a vector."""
    made = context(html)
    references = [r for r in made.message.references if vector is None or r.vector == vector]
    assert references, "no reference was found"
    return made.box(references[0])


def judged(html: str, headers: Mapping[str, str] | None = None, memory: Memory | None = None) -> list[Judged]:
    """The references of a message of this markup, judged."""
    return list(blocker.scan(mail(html, headers), memory=memory).references)


def one(html: str, headers: Mapping[str, str] | None = None) -> Judged:
    """The only reference."""
    (found,) = judged(html, headers)
    return found


def rules(reference: Judged) -> set[str]:
    """The ids of its reasons."""
    return {why.rule for why in reference.verdict.reasons}
