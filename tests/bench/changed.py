"""How much of a message changes for each pixel that is taken out, beside what the standard library's generator changes.

    python -m tests.bench.changed --corpus DIR

Two tables: at each level how many messages were edited, had nothing to take out, or were left alone and why; and for
the messages that `standard` edits in their HTML, the bytes that differ from the original for each pixel or beacon
taken out. The other way is the one every recipe shows: parse with `email.policy.default`, put our own placeholder in
place of the same addresses in the text of each HTML part, `set_content` with the part's own charset and encoding,
write with `as_bytes`, header fields not folded anew. Both results are compared with the original alike: by lines, and in lines that differ by what
is left between their common beginning and end. Our header field is counted apart.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from email.message import EmailMessage
from html import escape
from pathlib import Path
from statistics import median

import blocker
from blocker.choices.levels import Level
from blocker.detect.report import Report
from blocker.mailbox.files import read_path
from blocker.rewrite import marker
from blocker.rewrite.replacement import TRANSPARENT

_PART = re.compile(r"part [0-9.]+")


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes that differ in one message for each pixel or beacon taken out."""

    ours: float
    field: int
    """Our header field, for the whole message."""
    generator: float | None
    """None where the standard library fails."""
    untouched: bool
    """Whether the generator gives the message back as it was where nothing is edited."""


def changed(before: bytes, after: bytes) -> int:
    """How many bytes differ."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    total = 0
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            total += _between(b"".join(old[i:j]), b"".join(new[k:m]))
    return total


def _between(old: bytes, new: bytes) -> int:
    start = _common(old, new)
    return max(len(old), len(new)) - start - _common(old[start:][::-1], new[start:][::-1])


def _common(one: bytes, other: bytes) -> int:
    most = min(len(one), len(other))
    return next((at for at in range(most) if one[at] != other[at]), most)


def generated(raw: bytes, gone: Sequence[str]) -> bytes | None:
    """The message as the standard library writes it with the placeholder for these values; None where it fails."""
    policy = email.policy.default.clone(linesep="\r\n" if b"\r\n" in raw else "\n", refold_source="none")
    try:
        message = email.message_from_bytes(raw, policy=policy)
        for part in _pages(message) if gone else ():
            _replace(part, gone)
        return message.as_bytes()
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _replace(part: EmailMessage, gone: Sequence[str]) -> None:
    text = part.get_content()
    for value in gone:
        text = text.replace(escape(value), TRANSPARENT).replace(value, TRANSPARENT)
    encoding = str(part.get("content-transfer-encoding", "8bit")).strip().lower()
    charset = part.get_content_charset("utf-8")
    try:
        part.set_content(text, subtype="html", charset=charset, cte=encoding)
    except ValueError:  # lines too long for it, or letters that it does not give to this encoding
        part.set_content(text, subtype="html", charset="utf-8")


def _pages(message: EmailMessage) -> Iterator[EmailMessage]:
    for part in message.walk():
        if part.get_content_type() == "text/html" and isinstance(part, EmailMessage):
            yield part


def cost(raw: bytes, report: Report) -> Cost | None:
    """What `standard` costs; None where it takes nothing out of the HTML."""
    done = blocker.neutralise(raw, report=report)
    found = marker.read(done.raw)
    gone = [judged.raw for judged in report.blocked]
    if not done.changed or not gone or found is None:
        return None
    ours = changed(raw, done.raw[: found.start] + done.raw[found.end :]) / len(gone)
    theirs = generated(raw, list(dict.fromkeys(gone)))
    return Cost(
        ours,
        found.end - found.start,
        None if theirs is None else changed(raw, theirs) / len(gone),
        generated(raw, ()) == raw,
    )


def outcomes(messages: Sequence[bytes], reports: Sequence[Report], level: Level) -> Counter[str]:
    """How many messages were edited, needed nothing, or were left alone, and why."""
    found: Counter[str] = Counter()
    for raw, report in zip(messages, reports, strict=True):
        done = blocker.neutralise(raw, level=level, report=report)
        if done.refused:
            found["left alone: " + _PART.sub("a part", done.refused)] += 1
        else:
            found["edited" if done.changed else "nothing to do"] += 1
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    options = parser.parse_args()
    messages = [raw for _, raw in read_path(options.corpus)]
    reports = [blocker.scan(raw) for raw in messages]
    print(f"{len(messages)} messages")
    for level in Level:
        found = outcomes(messages, reports, level)
        print(f"{level:9} " + "; ".join(f"{count} {what}" for what, count in found.most_common()))
    costs = [one for one in map(cost, messages, reports) if one is not None]
    theirs = [one.generator for one in costs if one.generator is not None]
    if not theirs:
        print("no pixel was taken out")
        return
    print(f"bytes changed for each pixel taken out, median of {len(costs)} messages:")
    print(
        f"  unpixel           {median(one.ours for one in costs):.0f}, and once {median(c.field for c in costs):.0f} of header field"
    )
    print(f"  standard library  {median(theirs):.0f} (it fails on {len(costs) - len(theirs)} of them)")
    same = sum(one.untouched for one in costs)
    print(f"  the standard library writes {same} of {len(costs)} back as they were where nothing is edited")


if __name__ == "__main__":
    main()
