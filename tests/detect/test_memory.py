"""What a folder's messages say of each other's URLs: shared, seen, new in each mail, another for another reader."""

from __future__ import annotations

import pytest

from blocker.detect import memory as module
from blocker.detect.memory import FolderMemory, Mail, Recollection, alike, template
from blocker.message.urls import Url, parse

DAY = 86_400.0
ANNA, BEN, CLEO = ("anna@example.org",), ("ben@example.net",), ("cleo@example.com",)


def url(text: str) -> Url:
    """A parsed URL."""
    found = parse(text)
    assert found is not None
    return found


def pixel(number: object) -> Url:
    """One of a sender's pixels."""
    return url(f"https://t.sender.example/o/{number}9f.gif")


def mail(
    people: tuple[str, ...] = ANNA, subject: str = "Leaves of autumn", sent: float = DAY, name: str = ""
) -> Mail:
    """A mail of one sender."""
    return Mail("sender.example", people, subject, sent, name)


def ask(memory: FolderMemory, what: Url, about: Mail) -> Recollection:
    """What is known of one URL."""
    return memory.recall([what], about)[what.href]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://t.example.org/o/12ab/x.gif", "https://t.example.org/o/99zz/x.gif", True),
        ("https://t.example.org/o/SqxSzhMaY", "https://t.example.org/o/MHYEyeRLr", True),
        ("https://t.example.org/o?id=1&c=2", "https://t.example.org/o?id=7&c=9", True),
        ("https://t.example.org/o?a8f3", "https://t.example.org/o?b771", True),
        ("https://ab12.t.example.org/p.gif", "https://cd34.t.example.org/p.gif", True),
        ("https://t.example.org/o?id=1", "https://t.example.org/o?id=1&c=2", False),
        ("https://t.example.org/a/logo.png", "https://t.example.org/a/hero.png", False),
        ("https://t.example.org/o/12", "https://u.example.org/o/12", False),
        ("https://t.example1.org/o", "https://t.example2.org/o", False),
        ("https://t.example.org/o/1", "https://t.example.org/o/1/2", False),
    ],
)
def test_templates(one: str, other: str, same: bool) -> None:
    """Ids in paths, host names and queries are masked; names, depth, parameters and the domain are kept."""
    assert (template(url(one)) == template(url(other))) == same


def test_nothing_is_known_at_first() -> None:
    """Of a URL that stands in one message alone, nothing is said."""
    memory = FolderMemory()
    assert ask(memory, pixel(1), mail()) == (0, 1, 0, 0, 0)
    memory.learn([pixel(1)], mail())
    assert ask(memory, pixel(1), mail()) == (0, 1, 0, 0, 0)


def test_shared() -> None:
    """The same URL in two people's mail was sent to two people; whoever asks."""
    memory = FolderMemory()
    memory.learn([pixel(1)], mail(ANNA))
    memory.learn([pixel(1)], mail(BEN))
    for people in (ANNA, BEN):
        assert ask(memory, pixel(1), mail(people))[:2] == (1, 2)
    assert ask(memory, pixel(1), mail(CLEO))[1] == 3


def test_a_mail_to_two_people_is_one_mail() -> None:
    """What both addressees of one message got is not thereby shared with somebody else."""
    memory = FolderMemory()
    memory.learn([pixel(1)], mail(ANNA + BEN))
    assert ask(memory, pixel(1), mail(ANNA + BEN)).recipients == 1


def test_seen() -> None:
    """The same URL in several mails to one person was seen that often before."""
    memory = FolderMemory()
    for number in range(3):
        memory.learn([pixel(1)], mail(sent=number * 7 * DAY))
    assert ask(memory, pixel(1), mail())[:2] == (2, 1)


def test_new_in_each_mail() -> None:
    """A template whose value is new each time: as many variants as messages; a constant one has fewer."""
    memory = FolderMemory()
    logo = url("https://cdn.sender.example/logo1.png")
    for number in range(4):
        memory.learn(
            [pixel(number), logo], mail(sent=number * 7 * DAY, subject=f"{'abcd'[number] * 4} issue")
        )
    assert ask(memory, pixel(2), mail())[2:4] == (3, 3)
    assert ask(memory, logo, mail())[0] == 3


def test_templates_belong_to_their_sender() -> None:
    """Another sender's mail of the same template says nothing of this one's."""
    memory = FolderMemory()
    memory.learn([pixel(1)], Mail("other.example", ANNA, "x", 0))
    memory.learn([pixel(2)], mail())
    assert ask(memory, pixel(2), mail()) == (0, 1, 0, 0, 0)


def test_differs_between_readers_of_one_mailing() -> None:
    """Another recipient of the same mailing had another URL in its place; of another mailing, nothing follows."""
    memory = FolderMemory()
    memory.learn([pixel(1)], mail(ANNA, "Anna, leaves of autumn", DAY))
    memory.learn([pixel(2)], mail(BEN, "Leaves of autumn, Ben", DAY + 3600))
    assert ask(memory, pixel(1), mail(ANNA, "Anna, leaves of autumn", DAY)).differing == 1
    assert ask(memory, pixel(2), mail(BEN, "Leaves of autumn, Ben", DAY + 3600)).differing == 1
    memory.learn([pixel(3)], mail(CLEO, "Something else entirely", DAY))
    assert ask(memory, pixel(3), mail(CLEO, "Something else entirely", DAY)).differing == 0


@pytest.mark.parametrize(
    ("people", "subject", "sent"),
    [
        (BEN, "Leaves of autumn", 3 * DAY),
        (BEN, "Frost and first snow", DAY),
        (ANNA, "Leaves of autumn", DAY + 60),
    ],
)
def test_not_the_same_mailing_or_reader(people: tuple[str, ...], subject: str, sent: float) -> None:
    """Another day, another subject, or the same reader again: no comparison is made."""
    memory = FolderMemory()
    memory.learn([pixel(1)], mail())
    memory.learn([pixel(2)], mail(people, subject, sent))
    assert ask(memory, pixel(2), mail(people, subject, sent)).differing == 0


def test_one_common_url_makes_a_stock() -> None:
    """Where two readers share one picture of a template, their others are chosen from a stock, not made for them."""
    memory = FolderMemory()
    memory.learn([pixel(1), pixel(2)], mail(ANNA))
    memory.learn([pixel(2), pixel(3)], mail(BEN))
    for what, people in ((pixel(1), ANNA), (pixel(3), BEN)):
        assert ask(memory, what, mail(people)).differing == 0


def test_subjects() -> None:
    """Half of all words in common is enough, names and numbers aside; an empty subject is like none."""

    def words(text: str) -> frozenset[bytes]:
        return mail(subject=text).words

    assert alike(words("Ben, your box for week 45"), words("Anna, your box for week 45"))
    assert alike(words("ÎLES en décembre"), words("Îles en Décembre"))
    assert not alike(words("Your box"), words("A new coat for the first frost"))
    assert not alike(words(""), words(""))
    assert not alike(words("12 34"), words("12 34"))


def test_a_second_copy_tells_nothing_new() -> None:
    """A message that lies in two folders counts once; the same message in two people's hands counts twice."""
    memory = FolderMemory()
    for _ in range(3):
        memory.learn([pixel(1)], mail(name="<1@sender.example>"))
    assert ask(memory, pixel(1), mail())[:2] == (0, 1)
    memory.learn([pixel(1)], mail(BEN, name="<1@sender.example>"))
    assert ask(memory, pixel(1), mail())[:2] == (1, 2)


def test_growth_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table stays within its bound; what was longest unseen is forgotten, what was seen again is kept."""
    monkeypatch.setattr(module, "MAX_URLS", 50)
    monkeypatch.setattr(module, "MAX_SENDERS", 20)
    memory = FolderMemory()
    kept = url("https://cdn.sender.example/logo.png")
    for number in range(400):
        about = Mail(
            f"s{number}.example",
            (f"p{number}@example.org",),
            f"{'abcdefghij'[number % 10] * 5} mail",
            number,
            f"<{number}>",
        )
        memory.learn([url(f"https://t.s{number}.example/o/{number}"), kept], about)
    sizes = [len(table) for table in vars(memory).values() if hasattr(table, "popitem")]
    assert len(sizes) == 5
    assert all(size <= 50 for size in sizes)
    assert ask(memory, kept, mail()).messages == 399
    assert ask(memory, url("https://t.s3.example/o/3"), mail(("p3@example.org",))).messages == 0
    assert len(memory._urls[module.digest(kept.href)][1]) == module.MAX_PEOPLE


def test_mailings_of_one_sender_are_bounded() -> None:
    """Of one sender the most recent mailings are told apart, no more than the bound."""
    memory = FolderMemory()
    for number in range(module.MAX_MAILINGS * 3):
        memory.learn([], mail(subject="abcdefghij"[number % 10] * 4, sent=number * 30 * DAY))
    (mailings,) = memory._mailings.values()
    assert len(mailings) == module.MAX_MAILINGS


def test_only_digests_are_kept() -> None:
    """Nothing of a URL, an address or a subject can be read out of a memory."""
    memory = FolderMemory()
    memory.learn([pixel("readable")], mail(name="<readable-name@sender.example>"))
    held = repr(vars(memory))
    for word in ("readable", "sender", "anna", "example", "autumn"):
        assert word not in held
