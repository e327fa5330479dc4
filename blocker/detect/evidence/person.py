"""What a person said of the URLs of this sender: it outweighs whatever else is seen."""

from __future__ import annotations

from collections.abc import Iterable

from blocker.detect.memory import template
from blocker.detect.reasons import Reason, reason
from blocker.detect.subject import Subject


def evidence(subject: Subject) -> Iterable[Reason]:
    """A reason where somebody said what the references of this URL's template are."""
    overruled, url = subject.context.overruled, subject.url
    if not overruled or url is None:
        return
    tracks = overruled.get(template(url))
    if tracks is not None:
        yield reason("person.tracker") if tracks else reason("person.harmless")
