"""How long tests wait: an idle machine's time, times what a busy one may be slower."""

from __future__ import annotations

BUSY = 6
"""How many times longer than on an idle machine a thing may take where tests run side by side.

What a test rules out by the clock (a wait for a server that is silent, a thread that hangs) takes longer still.
"""
