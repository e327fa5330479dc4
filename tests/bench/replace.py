"""How fast mode replace works through tracked mail, beside a bare loop that does the same on the same server.

    python -m tests.bench.replace --corpus DIR [--messages 2000]

A Dovecot of its own gets two accounts with the same tracked real messages. Two things then exchange all of them:

- bare: imapclient, in batches of 50: FETCH; the standard library's `email` and `turbohtml.parse` on each text/html
  part; MULTIAPPEND of the same octets; read-back; one MOVE of the batch. Nothing is judged, checked or remembered.
- service: `Runner.sweep` in mode replace, on a new catalogue: judged, spooled, journaled, appended, read back and
  compared, moved, recorded durably.

Printed: messages/s of both (the best round of each) and their ratio.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from imapclient import IMAPClient  # type: ignore[import-untyped]  # ships no types

import blocker
from tests.bench.service import BATCH, fill, messages, parse, served
from tests.servers.dovecot import Account, Dovecot

BAR = 0.5
"""The ratio that must be reached."""
LOOKED_AT = 3000
"""Messages of the corpus that are looked through for tracked ones."""
KEY = b"b" * 32


def tracked(corpus: Path, count: int) -> Iterator[bytes]:
    """Real messages that neutralising changes, gone through again until there are enough; no two are the same."""
    changed = [raw for raw in messages(corpus, LOOKED_AT) if blocker.neutralise(raw, key=KEY).changed]
    for number, raw in enumerate(itertools.islice(itertools.cycle(changed), count)):
        yield b"X-Again: %d\r\n" % number + raw


def bare(account: Account) -> int:
    """Exchange everything for itself; how many messages."""
    client = IMAPClient(account.host, account.port, ssl=False)
    client.login(account.user, account.password)
    client.create_folder("Originals")
    client.select_folder("INBOX")
    uids = client.search("ALL")
    for start in range(0, len(uids), BATCH):
        part = uids[start : start + BATCH]
        found = client.fetch(part, ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
        for item in found.values():
            parse(item[b"BODY[]"])
        before = client.folder_status("INBOX", ["UIDNEXT"])[b"UIDNEXT"]
        client.multiappend("INBOX", [{"msg": found[uid][b"BODY[]"], "flags": ()} for uid in part])
        back = client.fetch(list(range(before, before + len(part))), ["BODY.PEEK[]"])
        assert [back[uid][b"BODY[]"] for uid in sorted(back)] == [found[uid][b"BODY[]"] for uid in part]
        client.move(part, "Originals")
    client.logout()
    return len(uids)


def main() -> int:
    """Measure, print, and give 1 where the bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, help="directory of real messages")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    raws = list(tracked(given.corpus, given.messages))
    server = Dovecot().start()
    best = {"bare": 0.0, "service": 0.0}
    try:
        print(f"{len(raws)} tracked messages, {sum(map(len, raws)) / 1e6:.1f} MB; mode replace")
        for _ in range(given.rounds):
            for name in best:
                account = server.account()
                fill(account, iter(raws))
                with tempfile.TemporaryDirectory() as home:
                    start = time.perf_counter()
                    done = bare(account) if name == "bare" else served(account, Path(home), "replace")
                    speed = done / (time.perf_counter() - start)
                assert done == len(raws), (name, done)
                best[name] = max(best[name], speed)
                print(f"  {name:8} {speed:7.0f} messages/s")
    finally:
        server.stop()
    ratio = best["service"] / best["bare"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"bare {best['bare']:.0f}/s, service {best['service']:.0f}/s, ratio {ratio:.2f} (bar {BAR}); peak memory {peak:.0f} MB"
    )
    return 0 if ratio >= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())
