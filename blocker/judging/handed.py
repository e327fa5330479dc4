"""Messages that a program hands in, judged or neutralised within the budget of one message; no account knows them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import blocker
from blocker.choices.levels import Level
from blocker.detect.judge import opened, report_on
from blocker.detect.report import Report
from blocker.judging.judge import unread
from blocker.judging.warm import WARM
from blocker.judging.worker import Recall
from blocker.rewrite.neutralise import Neutralised


def scanned(raw: bytes, recipients: Sequence[str], recall: Recall) -> Report:
    """The report on a message; one that says why, where there is none. Raises what `recall` raises."""
    found = WARM.ask(partial(_report, raw, tuple(recipients)), recall)
    return unread("", found) if isinstance(found, str) else found


def scanned_many(raws: Sequence[bytes], recipients: Sequence[str], recall: Recall) -> tuple[Report, ...]:
    """The reports on small messages, all within the budget of one. Raises what `recall` raises."""
    found = WARM.ask(partial(_reports, tuple(raws), tuple(recipients)), recall)
    return tuple(unread("", found) for _ in raws) if isinstance(found, str) else found


def neutralised(
    raw: bytes, recipients: Sequence[str], level: Level, key: bytes | None, recall: Recall
) -> Neutralised:
    """The outcome for a message; refused, where it could not be read. Raises what `recall` raises."""
    found = WARM.ask(partial(_neutralised, raw, tuple(recipients), level, key), recall)
    return Neutralised(raw, unread("", found), refused=found) if isinstance(found, str) else found


def _report(raw: bytes, recipients: Sequence[str], recall: Recall) -> Report:
    context = opened(raw, recipients=recipients)
    (context.past,) = recall([(context.urls, context.mail)])
    return report_on(context)


def _reports(raws: Sequence[bytes], recipients: Sequence[str], recall: Recall) -> tuple[Report, ...]:
    contexts = [opened(raw, recipients=recipients) for raw in raws]
    for context, past in zip(
        contexts, recall([(context.urls, context.mail) for context in contexts]), strict=True
    ):
        context.past = past
    return tuple(map(report_on, contexts))


def _neutralised(
    raw: bytes, recipients: Sequence[str], level: Level, key: bytes | None, recall: Recall
) -> Neutralised:
    return blocker.neutralise(raw, level=level, report=_report(raw, recipients, recall), key=key)
