"""Where a server is: known for large providers, asked of the domain only where that is allowed, never with the address."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocker.cli import main
from blocker.config import load
from blocker.config.providers import by_address, by_server, providers
from blocker.signin import lookup, vault
from blocker.signin.lookup import Server, look_up, read_config
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.signin.conftest import Memory

CONFIG = b"""<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="example.org">
<!-- a comment -->
<incomingServer type="pop3"><hostname>pop.example.org</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>old.example.org</hostname><port>143</port><socketType>plain</socketType></incomingServer>
<incomingServer type="imap"><hostname>imap.example.org</hostname><port>993</port><socketType>SSL</socketType>
<username>%EMAILLOCALPART%</username></incomingServer></emailProvider></clientConfig>"""


def test_the_first_encrypted_server_is_taken() -> None:
    """Neither POP nor plain text; the login name is made as the file says."""
    found = read_config(CONFIG)
    assert found == Server("imap.example.org", 993, "tls", "%EMAILLOCALPART%")
    assert found.login("ada@example.org") == "ada"
    assert Server("h", 1, "tls", "%REALNAME%").login("ada@example.org") == "ada@example.org"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"\xff\xfe<",
        CONFIG.replace(b"imap.example.org", b"imap.example.org/../x y"),
        CONFIG.replace(b"993", b"99999"),
        CONFIG.replace(b">SSL<", b">none<"),
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + CONFIG[21:],
    ],
)
def test_what_is_wrong_or_a_trap_is_nothing(text: bytes) -> None:
    """Hostile and broken answers name no server, and do no harm."""
    assert read_config(text) is None


def test_only_the_domain_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The places are asked in order, over HTTPS, for the domain; the DNS is asked last."""
    asked: list[str] = []

    def get(url: str) -> bytes | None:
        asked.append(url)
        return CONFIG if "thunderbird" in url else None

    monkeypatch.setattr(lookup, "_get", get)
    found = look_up("Example.ORG.")
    assert found is not None
    assert found.host == "imap.example.org"
    assert [url.replace("example.org", "D") for url in asked] == [
        "https://autoconfig.D/mail/config-v1.1.xml",
        "https://D/.well-known/autoconfig/mail/config-v1.1.xml",
        "https://autoconfig.thunderbird.net/v1.1/D",
    ]


def test_every_provider_is_whole() -> None:
    """Each has a host, encryption and domains of its own; no domain is claimed twice; the ten largest are there."""
    known = providers()
    domains = [domain for each in known for domain in each.domains]
    assert len(domains) == len(set(domains))
    for each in known:
        assert each.host
        assert each.domains
        assert each.security in ("tls", "starttls")
        assert by_address(f"a@{each.domains[0]}") is each
        assert each.host == "127.0.0.1" or by_server(each.host) is each
    names = {each.id for each in known}
    assert names >= {
        "gmail",
        "microsoft",
        "icloud",
        "yahoo",
        "aol",
        "proton",
        "gmx",
        "web_de",
        "orange",
        "fastmail",
    }
    assert by_server("mail.example.org", ["X-GM-EXT-1"]) is by_address("a@gmail.com")
    assert by_server("127.0.0.1", (), "Proton Mail Bridge (gluon)") is by_address("a@proton.me")
    assert by_server("127.0.0.1") is None


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of its own."""
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("SECRET", PASSWORD)
    return tmp_path


def unpixel(*arguments: str, given: str = "") -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, list(arguments), input=given)


@pytest.mark.usefixtures("home")
def test_a_known_provider_is_asked_about_nothing() -> None:
    """Host, port and encryption are known, and what must be done at the provider is said."""
    result = unpixel("account", "add", "you@gmx.de", "--password-env", "SECRET", "--no-test")
    assert result.exit_code == 0, result.output
    assert "Switch on IMAP" in result.output
    made = load().account("you@gmx.de")
    assert (made.host, made.port, made.security) == ("imap.gmx.net", 993, "tls")


@pytest.mark.usefixtures("home")
def test_a_provider_without_passwords_signs_in_by_oauth() -> None:
    """Outlook.com takes no password: only the client id is asked for."""
    result = unpixel("account", "add", "you@outlook.com", "--no-test", given="11111111-2222\n")
    assert result.exit_code == 0, result.output
    made = load().account("you@outlook.com")
    assert (made.host, made.oauth, made.oauth_client) == (
        "outlook.office365.com",
        "microsoft",
        "11111111-2222",
    )
    assert made.unattended


@pytest.mark.usefixtures("home")
def test_nothing_is_looked_up_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --lookup the domain is not asked, the person is; with it, its answer is shown and taken."""
    asked: list[str] = []

    def look(domain: str) -> Server | None:
        asked.append(domain)
        return Server("mx.example.org", 143, "starttls", "%EMAILLOCALPART%")

    monkeypatch.setattr(lookup, "look_up", look)
    add = ("account", "add", "ada@example.org", "--password-env", "SECRET", "--no-test")
    assert unpixel(*add, "--name", "one", given="\n").exit_code == 0
    assert asked == []
    assert load().account("one").host == "imap.example.org"
    result = unpixel(*add, "--name", "two", "--lookup")
    assert result.exit_code == 0, result.output
    assert asked == ["example.org"]
    assert "mx.example.org:143 (starttls)" in result.output
    made = load().account("two")
    assert (made.host, made.port, made.security, made.user) == ("mx.example.org", 143, "starttls", "ada")


def test_a_typed_password_goes_into_the_keyring(home: Path, ring: Memory, dovecot: Dovecot) -> None:
    """Tried first, kept in the keyring alone; a new one is put there by sign-in; a wrong one is not kept."""
    account = dovecot.account()
    where = (
        "--host",
        account.host,
        "--port",
        str(account.port),
        "--security",
        "none",
        "--user",
        account.user,
    )
    add = ("account", "add", "ada@example.org", "--name", "ada", "--keyring", *where)
    wrong = unpixel(*add, given="wrong\n")
    assert (wrong.exit_code, "does not accept" in wrong.output) == (1, True)
    assert ring.kept == {}
    result = unpixel(*add, given=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in (home / "config.toml").read_text() + result.output
    made = load().account("ada")
    assert made.password_keyring
    assert vault.password(made) == PASSWORD
    assert unpixel("account", "test", "ada").exit_code == 0
    vault.write(vault.password_name(made), "old")
    assert unpixel("account", "test", "ada").exit_code == 1
    renewed = unpixel("account", "sign-in", "ada", given=f"{PASSWORD}\n")
    assert (renewed.exit_code, "tries the account again" in renewed.output) == (0, True)
    assert unpixel("account", "test", "ada").exit_code == 0
    vault.erase(vault.password_name(made))
    assert "account sign-in ada" in unpixel("account", "test", "ada").output


@pytest.mark.usefixtures("home")
def test_without_a_keyring_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, not a trace, where the system has no keyring."""
    import keyring
    from keyring.backends.fail import Keyring

    monkeypatch.setattr(keyring, "get_keyring", Keyring)
    monkeypatch.setattr(keyring, "get_password", Keyring().get_password)  # type: ignore[no-untyped-call]
    assert not vault.usable()
    unpixel("account", "add", "you@gmx.de", "--keyring", "--no-test")
    result = unpixel("account", "test", "you@gmx.de")
    assert result.exit_code == 1
    assert "use a password_command instead" in result.output
    assert "Traceback" not in result.output
