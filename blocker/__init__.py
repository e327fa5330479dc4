"""unpixel: finds what in a mail spies on its reader, and neutralises it."""

from __future__ import annotations

from blocker.detect.judge import scan
from blocker.detect.report import Report, Verdict
from blocker.rewrite.neutralise import Neutralised, RestoreError, neutralise, restore

__all__ = ["Neutralised", "Report", "RestoreError", "Verdict", "neutralise", "restore", "scan"]
