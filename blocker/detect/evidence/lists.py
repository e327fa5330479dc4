"""Evidence from filter lists in Adblock syntax, where a person has added some: none is shipped."""

from __future__ import annotations

from collections.abc import Iterable

from blocker.detect.reasons import Reason, reason
from blocker.detect.subject import Subject
from blocker.message.domains import organisational


def evidence(subject: Subject) -> Iterable[Reason]:
    """A reason where a list would block the URL; a weak one on the sender's own hosts, where lists mean other pages."""
    listed, url = subject.context.rules.listed, subject.url
    if listed is None or url is None:
        return ()
    found = listed(url.href, subject.context.sender_domain)
    if not found:
        return ()
    own = organisational(url.host) in subject.context.own
    return (reason("lists.own" if own else "lists.blocks", found),)
