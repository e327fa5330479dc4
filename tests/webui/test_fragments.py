"""A part that many ask for is made once in a while, and nobody waits for another's."""

from __future__ import annotations

import threading

from webui.fragments import MOST, Fragments


def test_one_is_made_for_all_for_a_while() -> None:
    """Then anew; its tag changes with its body alone."""
    now = [0.0]
    made: list[str] = []
    fragments = Fragments(4, clock=lambda: now[0])

    def make() -> str:
        made.append("x")
        return "same" if len(made) < 3 else "other"

    first = fragments.get("key", make)
    now[0] = 3.9
    assert fragments.get("key", make) is first
    now[0] = 4.1
    second = fragments.get("key", make)
    assert (len(made), second.tag) == (2, first.tag)
    now[0] = 9.0
    assert fragments.get("key", make).tag != first.tag
    assert fragments.get("another", make).body == "other"


def test_nobody_waits_for_what_is_being_made() -> None:
    """While one thread makes it anew, another gets the one before."""
    now = [0.0]
    fragments = Fragments(1, clock=lambda: now[0])
    fragments.get("key", lambda: "old")
    now[0] = 2.0
    begun, end = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert end.wait(60)
        return "new"

    thread = threading.Thread(target=fragments.get, args=("key", slow))
    thread.start()
    assert begun.wait(60)
    assert fragments.get("key", lambda: "never").body == "old"
    end.set()
    thread.join()
    assert fragments.get("key", lambda: "never").body == "new"


def test_a_part_that_cannot_be_made_is_tried_again() -> None:
    """The error goes to who asked, and the next one asks anew."""
    fragments = Fragments(1)

    def fail() -> str:
        raise RuntimeError("no")

    try:
        fragments.get("key", fail)
    except RuntimeError as error:
        assert str(error) == "no"
    assert fragments.get("key", lambda: "now").body == "now"


def test_only_so_many_are_kept() -> None:
    """Whoever asks for many kinds takes no more memory."""
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return ""

    fragments = Fragments(1000)
    for number in range(MOST + 1):
        fragments.get(number, make)
    fragments.get(MOST, make)
    fragments.get(0, make)
    assert len(made) == MOST + 2
