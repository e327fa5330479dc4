"""A process that judges messages for another one: requests come on its input, answers go to its output.

Run as ``python -m blocker.service.worker`` by `blocker.service.judges` alone, which is also the only one who writes to
it: both ends are the same program, so values travel pickled, each behind its length. It opens no file and no
connection, and ends when its input does.
"""

from __future__ import annotations

import logging
import pickle
import signal
import sys
from typing import IO, Any

from blocker.config.model import AccountConfig
from blocker.service.judge import Judgement, is_ours, judge, view_of

LENGTH = 8
"""Octets of a length, big-endian."""


def outcome_of(
    raw: bytes, account: AccountConfig, key: bytes, source: str, *, views: bool = True
) -> Judgement | str | None:
    """A message's judgement; None for a neutralised copy of ours; what went wrong where it cannot be read."""
    try:
        return None if is_ours(raw, key) else judge(raw, account, key, source, views=views)
    except Exception as error:  # noqa: BLE001 (a message must not stop the others, whatever it does to the reader)
        return type(error).__name__


def send(out: IO[bytes], value: Any) -> None:
    """Write one value."""
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    out.write(len(packed).to_bytes(LENGTH, "big"))
    out.write(packed)
    out.flush()


def receive(source: IO[bytes]) -> Any:
    """Read one value. Raises EOFError at the end."""
    head = source.read(LENGTH)
    if len(head) < LENGTH:
        raise EOFError
    packed = source.read(int.from_bytes(head, "big"))
    return pickle.loads(packed)


def main() -> None:
    """Answer each group of messages with their judgements, in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; our end is our input's
    logging.basicConfig(level=logging.ERROR)  # parsers complain of odd mail; the report says what matters
    source, out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not be taken for an answer
    account, key, views = receive(source)
    _warm_up(account, key, views)
    send(out, True)
    while True:
        try:
            group = receive(source)
        except EOFError:
            return
        send(out, [_detached(outcome_of(raw, account, key, said, views=views)) for raw, said in group])


def _warm_up(account: AccountConfig, key: bytes, views: bool) -> None:
    """Import and build what the first message would have to wait for."""
    outcome_of(b"\r\n", account, key, "", views=False)
    if views:
        view_of(b"\r\n")


def _detached(outcome: Judgement | str | None) -> Judgement | str | None:
    return outcome.detached() if isinstance(outcome, Judgement) else outcome


if __name__ == "__main__":
    main()
