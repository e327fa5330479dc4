"""Sentences that the service writes down, as a reader sees them: in their language where it is known, else marked as English."""

from __future__ import annotations

from markupsafe import Markup

from blocker.detect.retold import retold
from blocker.detect.words import sentence
from blocker.output import safe
from webui.language import ENGLISH, N_, _, current

KNOWN = frozenset(
    {
        N_("a neutralised copy"),
        N_("a neutralised address would still be loaded from another place"),
        N_("another message of the same bytes is under way"),
        N_("another parser cannot read it any more"),
        N_("another parser sees a change outside the HTML"),
        N_("another parser sees a change that was not meant"),
        N_("another parser sees another structure"),
        N_("another parser sees more or fewer elements"),
        N_("another parser sees other header fields"),
        N_("another parser sees other parts"),
        N_("it is signed or encrypted, and a change would break that"),
        N_("its copy does not give it back"),
        N_("its copy is no longer where it was put"),
        N_("its copy took its place"),
        N_("its copy was changed"),
        N_("its copy would be larger than the server takes"),
        N_("its original is no longer in the quarantine"),
        N_("its owner put the original back"),
        N_("the original was marked as deleted meanwhile"),
        N_("the original was moved or deleted meanwhile"),
        N_("the server changes what is stored"),
    }
)
"""Those that hold no name or number. A test finds each of them in the service's own code."""


def said(text: str) -> str:
    """A sentence of the service for a page."""
    return _(text) if text in KNOWN else _as_english(text)


def leak(form: str) -> str:
    """In which form an address stands in URLs, as a sentence."""
    told = retold(form, current())
    return _as_english(sentence(form)) if told is None else sentence(told)


def _as_english(text: str) -> str:
    if current() == ENGLISH:
        return text
    return Markup('<span lang="en">{}</span>').format(safe.page(text))
