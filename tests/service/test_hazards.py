"""What goes wrong with mail servers, one test for each: on a real Dovecot behind a wire that lies, stalls and loses.

`HAZARDS` names, for every hazard the service is built against, the tests that show it survived; a test here keeps
those names true.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest

import blocker
from blocker.mailbox.imap import ImapStore
from blocker.mailbox.protocol import ConnectionLost, MailboxError
from blocker.service.exchange import act, steps
from blocker.service.exchange.under_way import Group
from tests.mailbox.observers import ImapObserver
from tests.servers.dovecot import Account, Dovecot
from tests.servers.proxy import Proxy, SwallowAppend
from tests.service.test_dovecot import Client, Place
from tests.service.world import ARRIVED, QUARANTINE, World, mail, original_of

TESTS = Path(__file__).resolve().parents[1]
HAZARDS: dict[str, tuple[str, ...]] = {
    "the answer to APPEND is lost": ("test_hazards.test_a_lost_answer_to_append_leaves_one_copy",),
    "kill -9 at any step": (
        "test_killed.test_killed_at_every_step",
        "test_crash.test_ended_twice_it_still_goes_on",
        "test_crash.test_held_mail_is_let_go_once_wherever_it_was_ended",
        "test_machine.test_a_mailbox_lived_in",
    ),
    "the server drops a duplicate Message-ID": (
        "test_hazards.test_a_swallowed_append_answered_with_an_old_uid",
        "test_hazards.test_a_swallowed_append_that_costs_the_original",
    ),
    "the server rewrites the copy": (
        "test_hazards.test_a_copy_that_reads_back_differently",
        "test_replace.test_a_server_that_changes_every_copy_is_soon_sent_none",
    ),
    "bare CR, bare LF, NUL": (
        "test_hazards.test_octets_that_imap_does_not_like",
        "test_imap.test_octets_leave_as_they_are",
    ),
    "quota, APPENDLIMIT": (
        "test_dovecot.test_a_full_mailbox",
        "test_imap.test_over_quota",
        "test_imap.test_room_is_told",
        "test_quota.test_a_copy_above_the_server_s_limit_is_not_sent",
    ),
    "no UIDPLUS, no MOVE": (
        "test_dovecot.test_less_able_servers",
        "test_hazards.test_a_refused_expunge_unmarks",
    ),
    "no IDLE": ("test_watch.test_a_server_without_idle_is_looked_at_now_and_then",),
    "plain EXPUNGE": ("test_hazards.test_what_another_client_marked_as_deleted_survives",),
    "keywords and writes refused in silence": (
        "test_dovecot.test_a_folder_we_may_not_change",
        "test_imap.test_flags_refused_in_silence",
    ),
    "flags in APPEND, INTERNALDATE": (
        "contract.test_append_keeps_flags",
        "contract.test_the_arrival_date_survives",
    ),
    "\\Recent and \\Seen are touched": (
        "contract.test_reading_leaves_no_trace",
        "test_idle.test_new_mail_is_heard",
    ),
    "UIDVALIDITY changes": ("test_hazards.test_a_folder_made_anew_under_its_hands",),
    "the user acts meanwhile": ("test_hazards.test_what_its_owner_does_meanwhile_counts",),
    "IDLE that is dead or deaf": (
        "test_idle.test_a_closed_link_is_noticed",
        "test_idle.test_bye_is_noticed",
        "test_idle.test_a_black_hole_is_noticed",
        "test_idle.test_a_server_that_stands_still_is_noticed",
        "test_watch.test_a_deaf_server_is_looked_at_all_the_same",
    ),
    "reconnect storms, throttling, connection limits": (
        "test_watch.test_a_server_that_is_down_is_not_stormed",
        "test_watch.test_a_server_that_asks_for_time_gets_it",
        "test_watch.test_two_connections_are_enough",
        "test_past.test_no_more_is_read_than_a_provider_allows",
    ),
    "SIGTERM while listening, or while the server is silent": (
        "test_cli.test_a_signal_ends_it_cleanly_within_two_seconds",
        "test_cli.test_a_signal_ends_it_in_time_though_the_server_is_silent",
    ),
    "a rejected sign-in": (
        "test_dovecot.test_a_wrong_password_pauses",
        "test_cli.test_a_refused_password_is_tried_once_and_again_when_somebody_has_seen_to_it",
        "test_oauth.test_a_withdrawn_sign_in_pauses_the_account",
    ),
    "a token ends before its time": (
        "test_oauth.test_a_token_is_renewed_before_its_end",
        "test_oauth.test_a_withdrawn_access_token_is_renewed_once",
    ),
    "a certificate that is not the server's": (
        "test_dovecot.test_a_wrong_certificate_is_told_and_sends_no_password",
    ),
    "signed and encrypted mail": ("test_hazards.test_what_is_sealed_is_not_touched",),
    "headers, Message-ID, threading": ("test_hazards.test_every_header_field_stays_as_it_is",),
    "a forged mark of ours": ("test_hazards.test_a_forged_mark_protects_nobody",),
    "poison": (
        "test_modes.test_what_cannot_be_read_three_times_is_left_alone",
        "test_modes.test_a_message_the_server_will_not_give_keeps_no_other_back",
    ),
    "our own copy again": ("test_replace.test_running_again_changes_nothing",),
    "two instances": ("test_modes.test_two_services_on_one_account_refuse",),
    "an update while mail is under way": (
        "test_old_catalogues.test_what_was_under_way_comes_to_its_end",
        "test_old_catalogues.test_a_restored_original_is_never_exchanged_again",
        "test_old_catalogues.test_a_cursor_goes_on_where_it_stood",
    ),
    "a first start on a full folder": (
        "test_replace.test_the_first_look_begins_with_mail_from_now_on",
        "test_past.test_a_wish_of_the_pages_pauses_at_the_limit",
    ),
    "past mail in bulk": (
        "test_past.test_a_pace_is_kept_and_a_stop_ends_the_waiting",
        "test_watch.test_new_mail_does_not_wait_for_a_sweep_that_a_page_asked_for",
    ),
}


def test_every_hazard_has_its_tests() -> None:
    """Each test named above exists under that name."""
    found = {
        f"{path.stem}.{node.name}"
        for folder in ("service", "mailbox", "signin")
        for path in (TESTS / folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name for names in HAZARDS.values() for name in names} <= found


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """A new account."""
    return dovecot.account()


def scene(tmp_path: Path, account: Account) -> tuple[Place, Client]:
    """An account that was looked at once, with one new mail in it."""
    place = Place(tmp_path, account)
    place.look("replace")
    client = Client(account)
    client.append(mail(), ("\\Seen",), ARRIVED)
    return place, client


def looks(place: Place, port: int, times: int = 2) -> None:
    """Looks over a bad wire; a link that breaks ends one of them."""
    for _ in range(times):
        with contextlib.suppress(ConnectionLost):  # as the watch does, which connects again
            place.look("replace", port=port)


def spooled(place: Place) -> list[bytes]:
    """Originals that wait on this computer's disk."""
    return [path.read_bytes() for path in place.directory.glob("spool/*")]


def test_a_lost_answer_to_append_leaves_one_copy(
    tmp_path: Path, account: Account, proxy: type[Proxy]
) -> None:
    """The server has the copy, and its answer never arrives: it is found again, not sent again."""
    place, client = scene(tmp_path, account)
    wire = proxy(account.host, account.port)
    wire.lose_append_reply()
    looks(place, wire.port, 1)
    assert len(client.messages()) == 2, "original and one copy"
    place.look("replace")
    assert [original_of(m.raw) for m in client.messages()] == [mail()]
    assert [m.raw for m in client.messages(QUARANTINE)] == [mail()]
    assert bytes(wire.sent).count(b" APPEND ") == 1
    client.close()


def test_a_swallowed_append_answered_with_an_old_uid(
    tmp_path: Path, account: Account, proxy: type[Proxy]
) -> None:
    """A server that drops the copy and names the original in its place: the original stays, alone and whole."""
    place, client = scene(tmp_path, account)
    wire = proxy(account.host, account.port)
    wire.to_server = SwallowAppend(wire, f"[APPENDUID {validity(account)} 1] Done.".encode())
    looks(place, wire.port)
    place.look("replace")
    assert [m.raw for m in client.messages()] == [mail()]
    assert client.messages(QUARANTINE) == []
    assert place.actions() == [("Issue 1", "left")]
    assert b"EXPUNGE" not in wire.sent
    client.close()


def test_a_swallowed_append_that_costs_the_original(
    tmp_path: Path, account: Account, proxy: type[Proxy]
) -> None:
    """A server that takes the original away when it sees the copy, and then drops that too: the spool has the bytes."""
    place, client = scene(tmp_path, account)
    wire = proxy(account.host, account.port)
    swallow = SwallowAppend(wire)

    def thief(data: bytes) -> bytes | None:
        before = swallow.swallowed
        passed = swallow(data)
        if swallow.swallowed > before:
            ImapObserver(account).take_away(1)
        return passed

    wire.to_server = thief
    looks(place, wire.port)
    place.look("replace")
    assert client.messages() == []
    assert spooled(place) == [mail()]
    assert place.actions() == [("Issue 1", "left")]
    client.close()


def test_a_copy_that_reads_back_differently(tmp_path: Path, account: Account, proxy: type[Proxy]) -> None:
    """A server that gives the copy back with other words keeps the original, and our copy goes."""
    place, client = scene(tmp_path, account)
    wire = proxy(account.host, account.port)
    wire.to_client = lambda data: data.replace(b"Hello Ada", b"Hullo Ada") if b"X-Unpixel:" in data else data
    place.look("replace", port=wire.port)
    assert [m.raw for m in client.messages()] == [mail()]
    assert client.messages(QUARANTINE) == []
    assert place.actions() == [("Issue 1", "left")]
    client.close()


@pytest.mark.parametrize("strange", [b"bare\nline", b"bare\rreturn", b"null \0 octet", b"\x80\xff\xfe"])
def test_octets_that_imap_does_not_like(tmp_path: Path, account: Account, strange: bytes) -> None:
    """However the server stores them, what lay in the inbox lies in the quarantine, or still in the inbox."""
    place = Place(tmp_path, account)
    place.look("replace")
    store = ImapStore(account.host, account.port, account.user, account.password, security="none")
    store.open("INBOX").append(mail().replace(b"Hello", strange), (), ARRIVED)
    client = Client(account)
    (before,) = client.messages()
    place.look("replace")
    place.look("replace")
    after = [m.raw for m in (*client.messages(), *client.messages(QUARANTINE))]
    assert before.raw in after
    assert all(original_of(raw) in (None, before.raw) for raw in after)
    assert len(client.messages()) == 1
    client.close()
    store.close()


def test_what_another_client_marked_as_deleted_survives(
    tmp_path: Path, dovecot_uidplus: Dovecot, proxy: type[Proxy]
) -> None:
    """Where a move is copy, mark and expunge, only our own message is expunged."""
    account = dovecot_uidplus.account()
    place, client = scene(tmp_path, account)
    client.append(mail(2, tracked=False), ("\\Deleted",), ARRIVED)
    wire = proxy(account.host, account.port)
    place.look("replace", port=wire.port)
    assert mail(2, tracked=False) in [m.raw for m in client.messages()]
    assert [m.raw for m in client.messages(QUARANTINE)] == [mail()]
    expunges = re.findall(rb"(?m)^\w+ ((?:UID )?EXPUNGE[^\r]*)\r$", bytes(wire.sent))
    assert expunges == [b"UID EXPUNGE 1"]
    client.close()


def test_a_refused_expunge_unmarks(tmp_path: Path, dovecot_uidplus: Dovecot, proxy: type[Proxy]) -> None:
    """Where the server copies, marks and then will not expunge, the original loses its mark and stays."""
    account = dovecot_uidplus.account()
    place, client = scene(tmp_path, account)
    wire = proxy(account.host, account.port)

    def refuse(data: bytes) -> bytes | None:
        found = re.match(rb"(\w+) UID EXPUNGE 1\r\n", data)
        if found is None or bytes(wire.sent).count(b"UID EXPUNGE") > 1:
            return data
        wire.tell_client(found[1] + b" NO [NOPERM] not today\r\n")
        return b""

    wire.to_server = refuse
    looks(place, wire.port)
    (left,) = client.messages()
    assert (left.raw, left.flags) == (mail(), frozenset({"\\Seen"}))
    assert client.messages(QUARANTINE) == []
    client.close()


def between(monkeypatch: pytest.MonkeyPatch, step: type, what: Callable[[], None]) -> None:
    """Somebody does something once, right after a step of ours."""
    real, done = act.Exchanger._carry_out, [False]

    def carry_out(self: act.Exchanger, group: Group) -> None:
        real(self, group)
        if isinstance(group[0][1], step) and not done[0]:
            done[0] = True
            what()

    monkeypatch.setattr(act.Exchanger, "_carry_out", carry_out)


def test_a_folder_made_anew_under_its_hands(
    tmp_path: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted and made again in the middle of an exchange: the new folder's messages are left alone."""
    observer, place = ImapObserver(account), Place(tmp_path, account)
    store = ImapStore(account.host, account.port, account.user, account.password, security="none")
    store.ensure("News")
    store.close()
    place.look("replace", folders=("News",))
    observer.deliver([mail()], "News", when=ARRIVED)

    def anew() -> None:
        observer.recreate("News")
        observer.deliver([mail(7), mail(8), mail(9)], "News", when=ARRIVED)

    between(monkeypatch, steps.Append, anew)
    for _ in range(3):
        with contextlib.suppress(MailboxError):  # told, and looked at again
            place.look("replace", folders=("News",))
    assert list(observer.messages("News").values()) == [mail(7), mail(8), mail(9)]
    assert spooled(place) == [mail()], "the deleted one is still here"


@pytest.mark.parametrize("step", [steps.Plan, steps.Append, steps.Verify, steps.Verified])
@pytest.mark.parametrize("what", ["flags", "deletes", "moves"])
def test_what_its_owner_does_meanwhile_counts(
    tmp_path: Path, account: Account, monkeypatch: pytest.MonkeyPatch, step: type, what: str
) -> None:
    """A second client flags, deletes or moves the original between two steps: that holds in the end."""
    place, client = scene(tmp_path, account)
    observer = ImapObserver(account)

    def moves() -> None:
        with observer._session("INBOX", readonly=False) as session:
            session.create("Archive")
            assert session.uid("MOVE", "1", "Archive")[0] == "OK"

    acts: dict[str, Callable[[], None]] = {
        "flags": lambda: observer.mark(1, "\\Flagged"),
        "deletes": lambda: observer.take_away(1),
        "moves": moves,
    }
    between(monkeypatch, step, acts[what])
    for _ in range(2):
        place.look("replace")
    inbox = client.messages()
    if what == "flags":
        assert [original_of(m.raw) for m in inbox] == [mail()]
        assert inbox[0].flags == {"\\Seen", "\\Flagged", "$TrackerRemoved"}
    else:
        assert inbox == [], "it does not come back as a copy"
        assert [m.raw for m in client.messages("Archive")] == ([mail()] if what == "moves" else [])
        assert client.messages(QUARANTINE) == []
    client.close()


def _sealed(kind: str) -> bytes:
    pixel = '<img src="https://open.tracker.example/o.gif?u=00000001" width="1" height="1">'
    head = "From: a@shop.example\r\nTo: ada@example.org\r\nSubject: Sealed\r\nMIME-Version: 1.0\r\n"
    html = f"Content-Type: text/html\r\n\r\n<p>x</p>{pixel}\r\n"
    sealed = {
        "signed": f"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n{html}--s\r\n\r\nx\r\n--s--\r\n",
        "encrypted": f"Content-Type: multipart/encrypted; boundary=s\r\n\r\n--s\r\n{html}--s--\r\n",
        "smime": "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nMIIB\r\n",
    }
    if kind == "inline":
        inner = (
            f"Content-Type: text/plain\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nx\r\n--m\r\n{html}"
        )
    else:
        inner = f"{sealed[kind]}--m\r\n{html}"
    return f"{head}Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n{inner}--m--\r\n".encode()


@pytest.mark.parametrize("kind", ["signed", "encrypted", "smime", "inline"])
def test_what_is_sealed_is_not_touched(world: Callable[..., World], kind: str) -> None:
    """Signed or encrypted at any depth, by MIME or inline: its bytes stay, and the reason is recorded."""
    w = world()
    w.deliver(_sealed(kind))
    seen = w.operations()
    w.look()
    assert (w.raws(), w.raws(QUARANTINE), seen) == ([_sealed(kind)], [], [])
    ((_, action, detail),) = w.recorded()
    assert action == "left"
    assert detail


def test_every_header_field_stays_as_it_is(world: Callable[..., World]) -> None:
    """DKIM-Signature, Authentication-Results, Message-ID, References: the copy has each, byte for byte, and one of ours."""
    fields = (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=a;\r\n\tbh=abc; b=def\r\n"
        b"Authentication-Results: mx.example.org; dkim=pass\r\n"
        b"References: <a@shop.example>\r\n <b@shop.example>\r\n"
    )
    w = world()
    w.deliver(fields + mail())
    w.look()
    (copy,) = w.raws()
    header, original = copy.partition(b"\r\n\r\n")[0], (fields + mail()).partition(b"\r\n\r\n")[0]
    ours = re.search(rb"(?m)^X-Unpixel:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", header + b"\r\n")
    assert ours is not None
    assert (header + b"\r\n").replace(ours[0], b"") == original + b"\r\n"


def test_a_forged_mark_protects_nobody(world: Callable[..., World]) -> None:
    """A sender who puts our field into a tracked mail, even one taken from a real copy, is treated as any other."""
    stolen = blocker.neutralise(mail(2), key=b"k" * 32).raw.partition(b"\r\nFrom:")[0]
    assert stolen.startswith(b"X-Unpixel:")
    forged = [b"X-Unpixel: 1; yes\r\n" + mail(1), stolen + b"\r\n" + mail(3)]
    w = world()
    for raw in forged:
        w.deliver(raw)
    w.look()
    assert sorted(w.raws(QUARANTINE)) == sorted(forged)
    assert all(b"open.tracker.example" not in raw for raw in w.raws())


def validity(account: Account) -> int:
    """The inbox's UIDVALIDITY."""
    store = ImapStore(account.host, account.port, account.user, account.password, security="none")
    try:
        return store.open("INBOX", readonly=True).status().uidvalidity
    finally:
        store.close()


def test_dates_survive_whatever_the_zone(
    tmp_path: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy's arrival date is the original's, on a computer in another zone too."""
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    place, client = scene(tmp_path, account)
    place.look("replace")
    assert [m.date.astimezone(UTC) for m in client.messages()] == [ARRIVED.astimezone(UTC)]
    client.close()
