"""Judging in the test's own process, so that what is patched there counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blocker.judging.warm import Warm
from blocker.judging.worker import Recall, no_memory


def judging_here(patch: pytest.MonkeyPatch) -> None:
    """Have what is asked of other processes done in this one, without a budget."""

    def ask(_warm: Warm, work: Callable[[Recall], Any], recall: Recall = no_memory) -> Any:
        try:
            return work(recall)
        except (RecursionError, ZeroDivisionError) as error:
            return type(error).__name__

    patch.setattr(Warm, "ask", ask)
