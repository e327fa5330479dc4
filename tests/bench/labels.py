"""Hand-made labels of real mail, and how a system's verdicts score against them.

A label names one remote reference of one message and says what it is. It is matched on the message's SHA-256 and the
reference's value as written, entities decoded and white space dropped; where a message names one value more than
once, the verdict that blocks most counts. Labels of low confidence, and those that say `unsure`, are left out.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BLOCKED = frozenset({"pixel", "beacon"})
ORDER = ("pixel", "beacon", "personal", "spacer", "content")
"""The five kinds; where one value is named twice, the first of these counts."""
ABSENT = "not found"


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says one reference is."""

    path: str
    """Of the message, relative to the folder of the labels."""
    sha256: str
    """Of the message's bytes."""
    reference: str
    """Digest of the value as written; see `digest`."""
    kind: str
    shown: str
    """The value for a person to read; the digest where the labels keep the value to themselves."""


def digest(raw: str) -> str:
    """The name under which a value as written is matched."""
    key = "".join(html.unescape(raw).split())
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def load(path: Path) -> list[Label]:
    """The labels that count, in the file's order: one JSON object a line.

    Keys: message, message_sha256, url (or url_sha256), label, confidence.
    """
    labels = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["label"] == "unsure" or row["confidence"] == "low":
            continue
        name = row.get("url_sha256") or digest(row["url"])
        labels.append(Label(row["message"], row["message_sha256"], name, row["label"], row.get("url", name)))
    return labels


def strongest(verdicts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One kind for each value of a message, from (value as written, kind): the kind that blocks most."""
    found: dict[str, str] = {}
    for raw, kind in verdicts:
        name = digest(raw)
        if name not in found or ORDER.index(kind) < ORDER.index(found[name]):
            found[name] = kind
    return found


@dataclass(slots=True)
class Score:
    """How one system's verdicts compare with the labels. Precision and recall are of blocking.

    `personal` stands apart: neither blocking nor keeping such a picture is an error of blocking.
    """

    table: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Counts by (label, verdict)."""
    wrong: list[tuple[Label, str]] = field(default_factory=list)

    def add(self, label: Label, found: Mapping[str, str]) -> None:
        """Count one label against the kinds found in its message."""
        got = found.get(label.reference, ABSENT)
        self.table[label.kind, got] += 1
        if label.kind == "personal":
            return
        if (label.kind in BLOCKED) != (got in BLOCKED):
            self.wrong.append((label, got))

    def _count(self, kinds: Iterable[str], blocked: bool) -> int:
        wanted = set(kinds)
        return sum(
            n for (kind, got), n in self.table.items() if kind in wanted and (got in BLOCKED) == blocked
        )

    @property
    def tp(self) -> int:
        """Pixels and beacons blocked."""
        return self._count(BLOCKED, True)

    @property
    def fn(self) -> int:
        """Pixels and beacons let through."""
        return self._count(BLOCKED, False)

    @property
    def fp(self) -> int:
        """Content and spacers blocked."""
        return self._count(("content", "spacer"), True)

    @property
    def precision(self) -> float:
        """Share of what was blocked that had to be."""
        return self.tp / max(self.tp + self.fp, 1)

    @property
    def recall(self) -> float:
        """Share of what had to be blocked that was."""
        return self.tp / max(self.tp + self.fn, 1)

    def labelled(self, kind: str) -> int:
        """How many labels say this kind."""
        return sum(n for (label, _), n in self.table.items() if label == kind)

    @property
    def absent(self) -> int:
        """Labelled references the system did not find in the message."""
        return sum(n for (_, got), n in self.table.items() if got == ABSENT)
