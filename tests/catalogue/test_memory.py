"""The catalogue as a memory: what recorded mail says of the URLs of other mail, and what stays of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import event, select

import blocker
from blocker.catalogue import Catalogue, CatalogueError, Seen
from blocker.catalogue.learning import MAX_URLS
from blocker.catalogue.memory import SIGHTINGS, CatalogueMemory
from blocker.catalogue.model import LearntMailRow, LearntUrlRow
from blocker.cli import main
from blocker.detect.judge import opened, report_on
from blocker.detect.memory import Recollection
from blocker.detect.report import Report
from tests.catalogue.letters import LOGO, OWNERS, letter, pixel, record, scan
from tests.catalogue.samples import NOON
from tests.pairs.test_pairs import SIDES, kinds, raw, whole

NOTHING = Recollection(0, 1)


def recall(store: Catalogue, message: bytes, account: str = "home") -> list[Recollection]:
    """What the catalogue says of each URL of a message."""
    report = scan(store, message, account)
    assert report.mail is not None
    urls = [judged.reference.target for judged in report.references if judged.reference]
    known = CatalogueMemory(store).recall([url for url in urls if url], report.mail)
    return [known[url.href] for url in urls if url]


def rules(report: Report) -> list[set[str]]:
    """The memory's reasons for each reference."""
    return [
        {r.rule for r in judged.verdict.reasons if r.rule.startswith("memory.")}
        for judged in report.references
    ]


def learnt(store: Catalogue) -> tuple[int, int]:
    """Mails and URLs that were learnt."""
    with store.reading() as connection:
        return (
            len(connection.scalars(select(LearntMailRow.message)).all()),
            len(connection.scalars(select(LearntUrlRow.url)).all()),
        )


def test_an_empty_catalogue_knows_nothing(store: Catalogue) -> None:
    """And says so of every URL that is asked about."""
    assert recall(store, letter(1, LOGO, pixel(1))) == [NOTHING, NOTHING]


def test_a_url_of_another_message_is_known(store: Catalogue) -> None:
    """Each other message counts once, however often the URL stands in it; a URL of no other is not known."""
    record(store, 1, letter(1, LOGO, LOGO, LOGO))
    record(store, 2, letter(2, LOGO))
    assert [r.messages for r in recall(store, letter(3, LOGO, pixel(3)))] == [2, 0]
    assert rules(scan(store, letter(3, LOGO, pixel(3)))) == [{"memory.seen"}, set()]


@pytest.mark.parametrize("account", ["home", "work"])
@pytest.mark.parametrize("recipients", [(), ("ada@example.net",), ("other@example.com", "ada@example.net")])
def test_a_message_is_judged_the_same_once_it_is_recorded(
    store: Catalogue, account: str, recipients: Sequence[str]
) -> None:
    """Its own row never counts, whoever asks and whichever account it was recorded for."""
    for number in range(1, 4):
        record(store, number, letter(number, LOGO, pixel(number)))
    message = letter(9, LOGO, pixel(9), pixel(10))
    memory = CatalogueMemory(store)
    before = blocker.scan(message, recipients=recipients, memory=memory).as_dict()
    for number, mailbox in enumerate(("INBOX", "Archive")):
        record(store, 90 + number, message, account, mailbox)
    assert blocker.scan(message, recipients=recipients, memory=memory).as_dict() == before
    assert before["references"][0]["reasons"] != blocker.scan(message).as_dict()["references"][0]["reasons"]


def test_a_mail_in_two_folders_is_one_mail(store: Catalogue) -> None:
    """Its second copy adds nothing to what is known, nor does recording a place again."""
    record(store, 1, letter(1, LOGO))
    once = learnt(store)
    record(store, 1, letter(1, LOGO))
    record(store, 2, letter(1, LOGO), mailbox="All Mail")
    both = [letter(1, LOGO), letter(1, LOGO)]
    reports = [scan(store, message) for message in both]
    store.record_many(
        [Seen("home", "Trash", 7, n, report, NOON, 9, "reported") for n, report in enumerate(reports, 1)]
    )
    assert learnt(store) == once == (1, 1)
    assert recall(store, letter(2, LOGO))[0].messages == 1


def test_mail_without_a_message_id_is_told_apart(store: Catalogue) -> None:
    """By its bytes: two such mails are two, and one of them is not its own witness."""
    nameless = [letter(n, LOGO).replace(b"Message-ID: ", b"X-No: ") for n in (1, 2)]
    for number, message in enumerate(nameless, 1):
        record(store, number, message)
    assert [recall(store, message)[0].messages for message in nameless] == [1, 1]


def test_one_message_id_for_all_mail_hides_nothing(store: Catalogue) -> None:
    """A sender who never changes it is known as well as any other."""
    mails = [letter(n, pixel(n)).replace(b"<%d@" % n, b"<same@") for n in range(1, 5)]
    for number, message in enumerate(mails[:3], 1):
        record(store, number, message)
    assert rules(scan(store, mails[3])) == [{"memory.individual"}]


def test_what_somebody_else_got_is_shared(store: Catalogue) -> None:
    """The same URL in another account's mail; the same account's mails are one reader's, whatever their To says."""
    record(store, 1, letter(1, LOGO))
    assert recall(store, letter(2, LOGO, to=OWNERS["work"]), "work")[0].recipients == 2
    assert rules(scan(store, letter(2, LOGO, to=OWNERS["work"]), "work")) == [{"memory.shared"}]
    assert recall(store, letter(3, LOGO, to="a-list@example.org"))[0].recipients == 1


def test_a_pixel_new_in_each_mail_is_individual(store: Catalogue) -> None:
    """From the third mail on; not where a mail of the sender repeats one, and not for another sender."""
    record(store, 1, letter(1, pixel(1)))
    assert rules(scan(store, letter(3, pixel(3)))) == [set()]
    record(store, 2, letter(2, pixel(2)))
    assert rules(scan(store, letter(3, pixel(3)))) == [{"memory.individual"}]
    assert rules(scan(store, letter(3, pixel(3), sender="other.example"))) == [set()]
    record(store, 4, letter(4, pixel(2)))
    assert rules(scan(store, letter(3, pixel(3)))) == [set()]


def test_new_pictures_of_one_folder_are_not_individual(store: Catalogue) -> None:
    """Where a mail has several of them, being new says nothing of any."""
    for number in range(1, 4):
        record(store, number, letter(number, pixel(number)))
    assert rules(scan(store, letter(9, pixel(9), pixel(10)))) == [set(), set()]


def test_copies_of_a_mailing_are_compared(store: Catalogue) -> None:
    """Another reader's copy with another URL in the same place tells that it is made for its reader; a day later not."""
    record(store, 1, letter(1, pixel(1), subject="Great autumn offers"))
    copy = letter(2, pixel(2), subject="Great autumn offers", minute=5, to="offers@shop.example")
    assert rules(scan(store, copy, "work")) == [{"memory.differs"}]
    assert rules(scan(store, copy)) == [set()], "the same reader's mails differ for many reasons"
    later = copy.replace(b"20 Nov", b"21 Nov").replace(b"12:05", b"23:05")
    assert rules(scan(store, later, "work")) == [set()]


def test_it_agrees_with_the_memory_of_a_folder(store: Catalogue) -> None:
    """On the pairs of newsletters for two readers each verdict and each reason of memory is the same."""
    for number, side in enumerate(SIDES, 1):
        report = blocker.scan(raw(*side))
        store.record(Seen("home", "INBOX", 7, number, report, NOON, 9, "reported"))
    memory = CatalogueMemory(store)
    for side in SIDES:
        folder, catalogue = (blocker.scan(raw(*side), memory=m) for m in (whole(), memory))
        assert (kinds(catalogue), rules(catalogue)) == (kinds(folder), rules(folder)), side
    assert any(
        "memory.differs" in found
        for side in SIDES
        for found in rules(blocker.scan(raw(*side), memory=memory))
    )


def test_what_is_forgotten_counts_no_more(store: Catalogue) -> None:
    """By sender, by time, or all: what is left says the same as if the forgotten mail had never come."""
    record(store, 1, letter(1, LOGO, pixel(1)), days=90)
    record(store, 2, letter(2, LOGO, pixel(2)))
    record(store, 3, letter(3, LOGO, sender="other.example", to=OWNERS["work"]), "work")
    asked = letter(9, LOGO, pixel(9))
    assert [r.recipients for r in recall(store, asked)] == [2, 1]
    store.forget(sender="other.example")
    assert recall(store, asked) == [Recollection(2, 1, 2, 1), Recollection(0, 1, 2, 2)]
    store.forget(before=NOON - timedelta(days=1))
    assert recall(store, asked) == [Recollection(1, 1, 1, 1), Recollection(0, 1, 1, 1)]
    store.forget(everything=True)
    assert recall(store, asked) == [NOTHING, NOTHING]
    assert learnt(store) == (0, 0)


def test_a_forgotten_mail_is_learnt_anew_when_it_is_recorded_again(store: Catalogue) -> None:
    """Once more, and once."""
    for _ in range(2):
        record(store, 1, letter(1, LOGO))
        assert learnt(store) == (1, 1)
        store.forget(sender="shop.example")
        assert learnt(store) == (0, 0)


def test_the_memory_keeps_numbers_only(store: Catalogue) -> None:
    """No URL, address or subject can be read from its tables."""
    record(store, 1, letter(1, LOGO, subject="Great autumn offers"))
    with store.reading() as connection:
        rows = [
            *connection.execute(select(LearntMailRow.__table__)),
            *connection.execute(select(LearntUrlRow.__table__)),
        ]
    values = [value for row in rows for value in row]
    assert len(values) == 10
    assert {type(value) for value in values} <= {int, float, bytes, type(None)}
    assert b"autumn" not in b"".join(value for value in values if isinstance(value, bytes))


def test_what_cannot_be_read_teaches_nothing(store: Catalogue) -> None:
    """A report that no message was read for is recorded without being learnt."""
    made = Report(scan(store, letter(1, LOGO)).message, error="it was too large")
    store.record(Seen("home", "INBOX", 7, 1, made, NOON, 9, "left"))
    record(store, 2, letter(2))
    assert learnt(store) == (0, 0)


def test_a_failed_record_learns_nothing(store: Catalogue) -> None:
    """What is learnt is written with the message, or not at all."""
    reports = [scan(store, letter(n, LOGO)) for n in (1, 2)]
    good, bad = (
        Seen(account, "INBOX", 7, 1, report, NOON, 9, "reported")
        for account, report in zip(("home", "nobody"), reports, strict=True)
    )
    with pytest.raises(CatalogueError):
        store.record_many([good, bad])
    assert learnt(store) == (0, 0)


def test_a_message_is_one_question(store: Catalogue) -> None:
    """Whatever the number of its URLs, up to forty-eight; a long one takes a few; none asks nothing."""
    record(store, 1, letter(1, LOGO))
    asked: list[str] = []

    @event.listens_for(store.engine, "before_cursor_execute")
    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    counts = []
    for number in (0, 1, 40, 500):
        asked.clear()
        scan(store, letter(9, *map(pixel, range(number))))
        counts.append(len([words for words in asked if words.startswith("SELECT")]))
    event.remove(store.engine, "before_cursor_execute", note)
    assert counts == [0, 1, 1, 11]


def test_a_message_with_a_thousand_urls_is_learnt_in_part(store: Catalogue) -> None:
    """The first `MAX_URLS` are learnt and known; of the rest nothing is said, and they are judged all the same."""
    urls = [pixel(n) for n in range(MAX_URLS + 100)]
    record(store, 1, letter(1, *urls))
    assert learnt(store) == (1, MAX_URLS)
    report = scan(store, letter(2, *urls))
    assert len(report.references) == MAX_URLS + 100
    assert [found == {"memory.seen"} for found in rules(report)] == [True] * MAX_URLS + [False] * 100


def test_a_url_of_very_many_messages_is_answered_from_the_newest(store: Catalogue) -> None:
    """The answer says `SIGHTINGS`, before the message is recorded and after."""
    for number in range(1, 40):
        record(store, number, letter(number, LOGO))
    assert recall(store, letter(99, LOGO))[0].messages == SIGHTINGS
    record(store, 99, letter(99, LOGO))
    assert recall(store, letter(99, LOGO))[0].messages == SIGHTINGS


def test_asking_needs_no_right_to_write(store: Catalogue, url: str) -> None:
    """A catalogue that can only be read answers."""
    record(store, 1, letter(1, LOGO))
    path = url.removeprefix("sqlite:///")
    with Catalogue.open(f"sqlite:///file:{path}?mode=ro&uri=true") as reader:
        assert recall(reader, letter(2, LOGO))[0].messages == 1


def test_several_messages_are_asked_about_at_once(store: Catalogue) -> None:
    """With the answers that each alone would get, in order; one without URLs gets an empty one."""
    for number in range(1, 4):
        record(store, number, letter(number, LOGO, pixel(number)))
    messages = [letter(7, LOGO), letter(8), letter(9, pixel(9))]
    contexts = [opened(message, recipients=(OWNERS["home"],)) for message in messages]
    memory = CatalogueMemory(store)
    answers = memory.recall_many([(context.urls, context.mail) for context in contexts])
    assert answers == [memory.recall(context.urls, context.mail) for context in contexts]
    assert [len(answer) for answer in answers] == [1, 0, 1]
    for context, answer in zip(contexts, answers, strict=True):
        context.past = answer
    assert [rules(report_on(context)) for context in contexts] == [
        [{"memory.seen"}],
        [],
        [{"memory.individual"}],
    ]


def test_the_command_line_asks_the_catalogue(
    store: Catalogue, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`unpixel scan --memory catalogue` knows recorded mail, takes the accounts' addresses, and records nothing."""
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "config.toml"))
    account = f'[accounts.home]\naddress = "{OWNERS["home"]}"\nhost = "imap.example.net"\n'
    (tmp_path / "config.toml").write_text(f'database = "{url}"\n{account}')
    record(store, 1, letter(1, LOGO, to="a-list@example.org"))
    (tmp_path / "one.eml").write_bytes(letter(2, LOGO, to="another-list@example.org"))
    before = learnt(store)
    for memory, expected in (("none", set[str]()), ("catalogue", {"memory.seen"})):
        found = CliRunner().invoke(
            main, ["scan", str(tmp_path / "one.eml"), "--format", "jsonl", "--memory", memory]
        )
        assert found.exit_code == 0, found.output
        (reference,) = json.loads(found.stdout)["references"]
        assert {r["rule"] for r in reference["reasons"] if r["rule"].startswith("memory.")} == expected
    assert learnt(store) == before
    (tmp_path / "config.toml").write_text('database = "nonsense"\n')
    failed = CliRunner().invoke(main, ["scan", str(tmp_path / "one.eml"), "--memory", "catalogue"])
    assert (failed.exit_code, failed.stderr.count("\n")) == (1, 1)
    assert "database URL cannot be read" in failed.stderr
