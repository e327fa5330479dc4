"""The configuration file: what it gives, what each mistake in it is told as, and how it is changed."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from blocker.choices.modes import Mode
from blocker.config import (
    AccountConfig,
    ConfigError,
    Passwords,
    add_account,
    default_path,
    load,
    parse,
    remove_account,
)
from blocker.config.lines import lines_of

GOOD = """\
# my mail
data_dir = "data"

[web]
port = 9000

[accounts.personal]
address = "ada@example.org"
aliases = [
  "a@example.org",   # old
  "lovelace@example.org",
]
host = "imap.example.org"
mode = "replace"
poll = 5
password_env = "ADA"

[accounts.work]
address = "ada@work.example"
host = "mail.work.example"
user = "al"
security = "starttls"
folders = ["INBOX", "Lists"]
level = "strict"
quarantine = "Originals"
"""
ACCOUNT = '[accounts.a]\naddress = "a@example.org"\nhost = "h.example.org"\n'


def test_what_is_known_is_kept_for_ever_unless_days_are_said() -> None:
    """`retention_days` is off by default, and may be a fraction."""
    assert parse("", Path("config.toml")).service.retention_days is None
    said = parse("[service]\nretention_days = 30.5\n", Path("config.toml"))
    assert said.service.retention_days == 30.5
    assert said.service.max_message_mb == 50


def mode_of(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_every_value_is_read(tmp_path: Path) -> None:
    """What the file says stands in the Config; what it does not say has the documented default."""
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    config = load(path)
    first, second = config.accounts
    assert (config.data_dir, config.web.port, config.web.host) == (tmp_path / "data", 9000, "127.0.0.1")
    assert config.database == f"sqlite:///{tmp_path}/data/catalogue.sqlite"
    assert first == AccountConfig(
        name="personal",
        address="ada@example.org",
        host="imap.example.org",
        user="ada@example.org",
        aliases=("a@example.org", "lovelace@example.org"),
        mode=Mode.REPLACE,
        poll=5.0,
        password_env="ADA",
    )
    assert first.addresses == ("ada@example.org", "a@example.org", "lovelace@example.org")
    assert (first.port, second.port) == (993, 143)
    assert (second.user, second.folders, second.level) == ("al", ("INBOX", "Lists"), "strict")
    assert second.quarantine == "Originals"
    assert second.mode == "report", "an account that says nothing is only looked at"


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    """A missing file is a configuration without accounts, at the platform's places."""
    config = load(tmp_path / "none.toml")
    assert config.accounts == ()
    assert config.data_dir.name == "unpixel"
    assert config.database == f"sqlite:///{config.data_dir / 'catalogue.sqlite'}"


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """UNPIXEL_CONFIG overrides the platform's place."""
    path = tmp_path / "mine.toml"
    path.write_text("[web]\nport = 1234\n")
    monkeypatch.setenv("UNPIXEL_CONFIG", str(path))
    assert default_path() == path
    assert load().web.port == 1234


MISTAKES = [
    ("[web]\nprot = 1\n", 2, "did you mean `port`?"),
    ("\n\nacounts = 1\n", 3, "did you mean `accounts`?"),
    ("colour = 1\n", 1, "there is no key `colour`: the keys here are data_dir, database"),
    ("[web]\nport = 99999\n", 2, "write a whole number from 1 to 65535"),
    ("[web]\nport = true\n", 2, "`port` cannot be True"),
    ('[web]\nport = "8400"\n', 2, "`port` cannot be '8400'"),
    ('[web]\nproxy = "*"\n', 2, 'write proxy = "127.0.0.1"'),
    ("web = 3\n", 1, "write [web] and its keys below"),
    ("[[accounts]]\nname = 'a'\n", 1, "write [accounts.personal] and its keys"),
    ("data_dir = 3\n", 1, 'write data_dir = "…"'),
    ('data_dir = ""\n', 1, "`data_dir` is one line of text"),
    ("[service]\nmax_message_mb = 0\n", 2, "write a number from 0.001 to 1024"),
    ("[service]\nmax_message_mb = nan\n", 2, "`max_message_mb` cannot be nan"),
    ("[service]\nretention_days = 0\n", 2, "write a number from 1 to 36500"),
    ("[service]\nretention_day = 9\n", 2, "did you mean `retention_days`?"),
    ('[accounts.a]\nhost = "h"\n', 1, 'account "a" has no `address`: add address = "you@example.org"'),
    ('[accounts.a]\naddress = "a@b.example"\n', 1, 'account "a" has no `host`: add host'),
    ('[accounts.a]\naddress = "nobody"\nhost = "h"\n', 2, '"nobody" is no mail address'),
    (ACCOUNT + 'mode = "replaced"\n', 4, '`mode` cannot be "replaced": did you mean "replace"?'),
    (ACCOUNT + 'mode = "zap"\n', 4, "choose one of report, flag, copy, replace, hold."),
    (ACCOUNT + "level = 2\n", 4, "`level` cannot be 2: choose one of standard, strict, paranoid."),
    (ACCOUNT + 'security = "plain"\n', 4, "choose one of tls, starttls, none."),
    (ACCOUNT + 'security = "none"\n', 4, "would send the password to h.example.org unencrypted"),
    (ACCOUNT + 'password = "hunter2"\n', 4, "a password does not belong in this file"),
    (ACCOUNT + 'Passwd = "hunter2"\n', 4, "a password does not belong in this file"),
    (ACCOUNT + 'passwordcommand = "x"\n', 4, "did you mean `password_command`?"),
    (
        ACCOUNT + 'password_command = "x"\npassword_env = "Y"\n',
        5,
        "keep password_command or password_env, not both",
    ),
    (ACCOUNT + "folders = []\n", 4, '`folders` is a list of texts: write folders = ["…"].'),
    (ACCOUNT + 'folders = "INBOX"\n', 4, "`folders` is a list of texts"),
    (ACCOUNT + "aliases = [1]\n", 4, "`aliases` is a list of texts"),
    (ACCOUNT + 'folders = ["Q"]\nquarantine = "Q"\n', 5, "cannot be watched and keep the originals too"),
    (ACCOUNT + 'quarantine = "Inbox"\n', 4, '"INBOX" cannot be watched and keep the originals too'),
    (ACCOUNT + 'mode = "hold"\nscreening = "inbox"\n', 5, '"INBOX" cannot hold new mail and be watched'),
    (ACCOUNT + "poll = -1\n", 4, "`poll` cannot be -1: write a number from 0.05 to 86400."),
    ('[accounts.".."]\naddress = "a@b.c"\nhost = "h"\n', 1, '".." cannot name an account'),
    ('[accounts."a b"]\naddress = "a@b.c"\nhost = "h"\n', 1, '"a b" cannot name an account'),
    ('[accounts]\na.address = "a@b.c"\na.host = "h"\na.mode = "x"\n', 4, '`mode` cannot be "x"'),
    ('[web]\nhost = """x\ny"""\nport = 0\n', 2, "`host` is one line of text"),
]


@pytest.mark.parametrize(("text", "line", "sentence"), MISTAKES, ids=[m[2][:40] for m in MISTAKES])
def test_a_mistake_is_named_with_its_line(text: str, line: int, sentence: str) -> None:
    """Each mistake gives one sentence with the file, its line and what to write instead."""
    with pytest.raises(ConfigError) as caught:
        parse(text, Path("config.toml"))
    said = str(caught.value)
    assert said.startswith(f"config.toml, line {line}: ")
    assert sentence in said
    assert "\n" not in said
    assert "hunter2" not in said, "a password is not repeated where a screen or a log shows it"


def test_a_folder_named_twice_is_watched_once() -> None:
    """The inbox has one name, however it is written; other names are told apart by their case."""
    text = ACCOUNT + 'folders = ["inbox", "A", "Inbox", "A", "a"]\n'
    assert parse(text, Path("config.toml")).account("a").folders == ("INBOX", "A", "a")


def test_what_is_not_toml_is_told_with_its_line() -> None:
    """The parser's own complaint carries the line."""
    with pytest.raises(ConfigError, match=r"config\.toml is not TOML: .*line 2"):
        parse("[web]\nport 8\n", Path("config.toml"))


def test_what_is_not_text_is_told(tmp_path: Path) -> None:
    """Random bytes, a folder and a huge file each give a sentence, no traceback."""
    binary = tmp_path / "c.toml"
    binary.write_bytes(bytes(range(256)))
    huge = tmp_path / "h.toml"
    huge.write_bytes(b"#" * (2 << 20))
    for path, why in ((binary, "UTF-8"), (tmp_path, "cannot be read"), (huge, "larger than 1 MB")):
        with pytest.raises(ConfigError, match=why):
            load(path)


def test_lines_pass_over_values_that_look_like_keys() -> None:
    """Nothing inside a string or an array that spans lines is taken for a key."""
    text = 'a = """\nb = 1\n[c]\n"""\nd = [\n  "e = 1",\n]\n[f."g.h"] # x\ni = { j = 1 }\n"k l" = 2\n'
    assert lines_of(text) == {
        ("a",): 1,
        ("d",): 5,
        ("f", "g.h"): 8,
        ("f", "g.h", "i", "j"): 9,
        ("f", "g.h", "k l"): 10,
    }


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    """Thirty-two bytes, mode 0600, the same for ever, also when many ask for it at the same moment."""
    config = parse('data_dir = "d"', tmp_path / "config.toml")
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(config.key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert config.key() == keys[0]
    assert mode_of(tmp_path / "d" / "key") == 0o600
    assert mode_of(tmp_path / "d") == 0o700
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["key"], "no draft is left behind"


def test_a_damaged_key_is_never_replaced(tmp_path: Path) -> None:
    """A short key file is an error: a new key would disown what was neutralised before."""
    (tmp_path / "key").write_bytes(b"short")
    config = parse(f'data_dir = "{tmp_path}"', tmp_path / "config.toml")
    with pytest.raises(ConfigError, match="damaged"):
        config.key()
    assert (tmp_path / "key").read_bytes() == b"short"


NEW = AccountConfig(
    name="new.one",
    address="n@example.org",
    host="imap.example.org",
    user="n@example.org",
    mode=Mode.FLAG,
    folders=("INBOX", "Été"),
    password_command="pass show 'mail \"x\"'",
)


def test_adding_keeps_every_comment(tmp_path: Path) -> None:
    """The text before stays as it is, the account reads back as it was given, the file is private."""
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    config = add_account(path, NEW)
    assert config.account("new.one") == NEW
    assert load(path) == config
    assert path.read_text().startswith(GOOD.rstrip("\n"))
    assert mode_of(path) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["config.toml"]


def test_removing_takes_one_account(tmp_path: Path) -> None:
    """Only that account's lines go; adding and removing leaves what was there."""
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    config = remove_account(path, "personal")
    assert [a.name for a in config.accounts] == ["work"]
    assert "# my mail" in path.read_text()
    with pytest.raises(ConfigError, match="choose one of work"):
        remove_account(path, "personal")
    assert [a.name for a in remove_account(path, "work").accounts] == []
    assert load(path).web.port == 9000


def test_the_first_account_makes_the_file(tmp_path: Path) -> None:
    """Folders and file are made, private, with no password line."""
    path = tmp_path / "deep" / "er" / "config.toml"
    add_account(path, NEW)
    assert load(path).accounts == (NEW,)
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == 0o700


def test_a_wrong_account_leaves_the_file_alone(tmp_path: Path) -> None:
    """A taken name and a wrong value are refused before anything is written."""
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    wrong = AccountConfig(name="x", address="nobody", host="h", user="u")
    taken = AccountConfig(name="work", address="a@b.example", host="h", user="u")
    for account, why in ((wrong, "no mail address"), (taken, "already")):
        with pytest.raises(ConfigError, match=why):
            add_account(path, account)
    assert path.read_text() == GOOD


def test_a_full_disk_leaves_the_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk takes no more, the old file stands whole and no draft stays."""
    path = tmp_path / "config.toml"
    path.write_text(GOOD)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        add_account(path, NEW)
    assert path.read_text() == GOOD
    assert [p.name for p in tmp_path.iterdir()] == ["config.toml"]


def account(**more: str) -> AccountConfig:
    """An account whose password comes from somewhere."""
    return AccountConfig(name="a", address="a@example.org", host="h", user="a", **more)  # type: ignore[arg-type]


def test_where_passwords_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program's first line, a variable, or one prompt per process; each failure says what to do."""
    monkeypatch.setenv("SECRET", "s3")
    asked: list[str] = []

    def ask(who: AccountConfig) -> str:
        asked.append(who.name)
        return "typed"

    passwords = Passwords(ask)
    assert passwords(account(password_command="printf 'one\\ntwo\\n'")) == "one"
    assert passwords(account(password_env="SECRET")) == "s3"
    assert [passwords(account()), passwords(account())] == ["typed", "typed"]
    assert asked == ["a"], "a person is asked once"
    assert "typed" not in repr(passwords)
    for wrong, why in (
        (account(password_command="exit 3"), "exit code 3"),
        (account(password_command="true"), "gave no password"),
        (account(password_env="UNSET_HERE"), "UNSET_HERE, which is not set"),
    ):
        with pytest.raises(ConfigError, match=why):
            passwords(wrong)
    with pytest.raises(ConfigError, match="Nobody is there to type"):
        Passwords()(account())


@pytest.mark.parametrize(
    "command",
    [
        "while :; do printf xxxxxxxxxxxxxxxx; done",
        "tr '\\0' x </dev/zero | cat",
        "cat /dev/zero",
        "printf 'secret\\n'; yes",
        "(cat /dev/zero) & exit 0",
    ],
)
def test_a_program_that_never_stops_printing_is_ended(command: str) -> None:
    """It is told in a sentence, at once, whether its first line ended or not, and no more of it is read."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    with pytest.raises(ConfigError, match=r'password_command of "a" printed more than 64 KB and was ended'):
        Passwords()(account(password_command=command))
    assert time.monotonic() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024


@pytest.mark.parametrize(
    "command", ["sleep 60", "printf secret; sleep 60", "exec >&-; sleep 60", "sleep 60 | cat"]
)
def test_a_program_that_does_not_end_is_ended(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent, with half a line, with its output closed, or with a child that holds it open."""
    monkeypatch.setattr("blocker.config.passwords.SECONDS", 0.3)
    start = time.monotonic()
    with pytest.raises(ConfigError, match="did not finish"):
        Passwords()(account(password_command=command))
    assert time.monotonic() - start < 20


def test_what_follows_the_password_is_passed_over() -> None:
    """A few KB of notes behind it are no reason to refuse it."""
    assert Passwords()(account(password_command="echo one; head -c 50000 /dev/zero | tr '\\0' n")) == "one"


@pytest.mark.parametrize(
    ("mode", "folder", "linked", "who"),
    [
        (0o646, 0o700, False, "everybody"),
        (0o666, 0o700, False, "everybody"),
        (0o664, 0o700, False, "its group"),
        (0o600, 0o777, False, "everybody"),
        (0o600, 0o770, False, "its group"),
        (0o646, 0o700, True, "everybody"),
        (0o600, 0o777, True, "everybody"),
    ],
)
def test_what_others_can_write_is_not_read(
    tmp_path: Path, mode: int, folder: int, linked: bool, who: str
) -> None:
    """Whoever can write it can have a program run: it is refused with what mends it, after which it is read."""
    home = tmp_path / "of ada"
    home.mkdir()
    path = home / "config.toml"
    path.write_text("[web]\nport = 1234\n")
    path.chmod(mode)
    home.chmod(folder)
    asked = path
    if linked:
        asked = tmp_path / "link.toml"
        asked.symlink_to(path)
    with pytest.raises(ConfigError, match=f"can be written by {who}") as caught:
        load(asked)
    with pytest.raises(ConfigError, match=f"can be written by {who}"):
        add_account(asked, NEW)
    command = str(caught.value).split("`")[1]
    assert command.startswith("chmod go-w ")
    subprocess.run(command, shell=True, check=True)
    assert load(asked).web.port == 1234


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o400])
def test_what_others_can_only_read_is_read(tmp_path: Path, mode: int) -> None:
    """No password stands in it; and in a sticky folder, as /tmp is, nobody else can put another one in its place."""
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    path = folder / "config.toml"
    path.write_text("[web]\nport = 1234\n")
    path.chmod(mode)
    assert load(path).web.port == 1234


@pytest.mark.parametrize(
    ("mode", "words"), [(0o644, "read by others"), (0o660, "its group"), (0o606, "everybody")]
)
def test_a_key_that_others_reach_is_not_used(tmp_path: Path, mode: int, words: str) -> None:
    """It is told with what mends it, and the key stays the same."""
    config = parse(f'data_dir = "{tmp_path}"', tmp_path / "config.toml")
    key = config.key()
    (tmp_path / "key").chmod(mode)
    with pytest.raises(ConfigError, match=words) as caught:
        config.key()
    subprocess.run(str(caught.value).split("`")[1], shell=True, check=True)
    assert config.key() == key
