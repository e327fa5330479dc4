"""Signing in by OAuth: a real Dovecot takes the token, it is renewed in time, and a refusal ends in a pause, not in a loop."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from blocker.catalogue import Catalogue
from blocker.config import Config, ConfigError, Passwords
from blocker.mailbox.imap import ImapStore
from blocker.mailbox.imap.sign_in import Token, oauthbearer, xoauth2
from blocker.mailbox.protocol import LoginRefused
from blocker.service import Event, Runner, imap
from blocker.signin import microsoft, tokens
from blocker.signin.grants import Invitation, NotReached, SignInError
from blocker.signin.tokens import Tokens
from tests.patience import BUSY
from tests.servers.dovecot import Dovecot
from tests.servers.provider import Provider
from tests.signin.conftest import Memory, account_on

invited: list[Invitation] = []


@pytest.fixture(autouse=True)
def _nobody_invited() -> None:
    invited.clear()


@pytest.mark.parametrize("server", ["dovecot_oauth", "dovecot_xoauth2"])
@pytest.mark.usefixtures("ring")
def test_a_device_code_opens_the_mailbox(
    server: str, provider: Provider, request: pytest.FixtureRequest
) -> None:
    """The person is shown page and code; the token that is then granted opens a real server by either mechanism."""
    dovecot: Dovecot = request.getfixturevalue(server)
    account = account_on(dovecot.host, dovecot.port, provider.url)
    tokens.sign_in(account, invited.append)
    assert invited == [Invitation(f"{provider.url}/activate", "ABCD-EFGH")]
    assert provider.state.grants() == ["urn:ietf:params:oauth:grant-type:device_code"] * 2
    store = imap(Passwords())(account)
    assert "INBOX" in store.folders()
    store.close()


def test_the_token_is_in_the_keyring_alone(ring: Memory, provider: Provider, dovecot_oauth: Dovecot) -> None:
    """Not in what an object shows of itself, and under one name."""
    account = account_on(dovecot_oauth.host, dovecot_oauth.port, provider.url)
    tokens.sign_in(account, invited.append)
    (kept,) = ring.kept.values()
    secret = json.loads(kept)["refresh"]
    assert secret.startswith("refresh-")
    grant = tokens.kept(account)
    assert secret not in repr(grant)
    assert grant.access not in repr(grant)
    assert "secret" not in repr(Token("secret"))


@pytest.mark.usefixtures("ring")
def test_the_browser_s_way_with_pkce(provider: Provider) -> None:
    """Without device codes, the page leads back to this machine; a code works with its verifier alone."""
    provider.state.without_device = True
    account = account_on("imap.example.org", 993, provider.url)

    def browse(invitation: Invitation) -> None:
        invited.append(invitation)
        threading.Thread(target=lambda: urllib.request.urlopen(invitation.url, timeout=30).read()).start()

    tokens.sign_in(account, browse)
    assert "code_challenge_method=S256" in invited[0].url
    assert "redirect_uri=http%3A%2F%2F127.0.0.1%3A" in invited[0].url
    assert Tokens()(account) in provider.state.access


@pytest.mark.usefixtures("ring")
def test_a_token_is_renewed_before_its_end(provider: Provider) -> None:
    """A fresh one is used again without a word; one that is about to end is renewed, with the rotated refresh token."""
    account = account_on("imap.example.org", 993, provider.url)
    provider.state.seconds = 60
    tokens.sign_in(account, invited.append)
    provider.state.seconds = 3600
    first = Tokens()(account)
    second = Tokens()(account)
    assert first == second
    assert provider.state.grants().count("refresh_token") == 1
    provider.state.rotates = False
    third = Tokens()(account, anew=True)
    fourth = Tokens()(account, anew=True)
    assert len({second, third, fourth}) == 3, "a provider may keep the refresh token it gave"


@pytest.mark.usefixtures("ring")
def test_a_withdrawn_access_token_is_renewed_once(provider: Provider, dovecot_oauth: Dovecot) -> None:
    """The server refuses a token before its time: a new one is fetched, and opens the mailbox."""
    account = account_on(dovecot_oauth.host, dovecot_oauth.port, provider.url, "bea")
    provider.state.user = "bea"
    tokens.sign_in(account, invited.append)
    provider.revoke()
    store = imap(Passwords())(account)
    store.close()
    assert provider.state.grants().count("refresh_token") == 1


@pytest.fixture
def service(
    tmp_path: Path, provider: Provider, dovecot_oauth: Dovecot
) -> Iterator[tuple[Runner, list[Event]]]:
    """A service on an account that is signed in."""
    account = replace(account_on(dovecot_oauth.host, dovecot_oauth.port, provider.url, "cyd"), poll=0.05)
    provider.state.user = "cyd"
    tokens.sign_in(account, invited.append)
    config = Config(tmp_path / "c.toml", tmp_path, f"sqlite:///{tmp_path}/c.sqlite", (account,))
    events: list[Event] = []
    with Catalogue.open(config.database) as catalogue:
        runner = Runner(config, catalogue, events.append, imap(Passwords()))
        yield runner, events
        runner.stop(2 * BUSY)


@pytest.mark.usefixtures("ring")
def test_a_withdrawn_sign_in_pauses_the_account(
    service: tuple[Runner, list[Event]], provider: Provider
) -> None:
    """The provider renews no more: the account pauses with the next step, and the provider is asked no second time."""
    runner, events = service
    provider.sign_out()
    runner.start()
    wait_for(lambda: bool(runner.refused))
    assert "unpixel account sign-in" in runner.refused["ada"]
    assert [e.action for e in events].count("refused") == 1
    assert provider.state.grants().count("refresh_token") == 1


@pytest.mark.usefixtures("ring")
def test_a_server_that_takes_no_token_of_ours_pauses_too(
    service: tuple[Runner, list[Event]], provider: Provider
) -> None:
    """Even a new token is another user's: after two refusals the account pauses; no third is tried."""
    runner, _ = service
    provider.state.user = "somebody-else"
    provider.revoke()
    runner.start()
    wait_for(lambda: bool(runner.refused))
    assert "does not accept the access token of cyd" in runner.refused["ada"]
    assert provider.state.grants().count("refresh_token") == 1


@pytest.mark.usefixtures("ring")
def test_a_provider_that_is_down_is_tried_again(
    service: tuple[Runner, list[Event]], provider: Provider
) -> None:
    """That is trouble, not a refusal: when it is back, the account is watched without anybody's help."""
    runner, events = service
    kept = tokens.kept(runner.accounts()[0])
    provider.revoke()
    provider.state.down = True
    runner.start()
    wait_for(lambda: any(e.action == "trouble" for e in events))
    assert runner.refused == {}
    provider.state.down = False
    provider.state.refresh.add(kept.refresh)
    wait_for(lambda: any(e.action == "watching" for e in events))


@pytest.mark.parametrize("error", ["access_denied", "expired_token", "invalid_client"])
@pytest.mark.usefixtures("ring")
def test_a_refusal_is_a_sentence(provider: Provider, error: str) -> None:
    """With the provider's word and the next step."""
    provider.state.refuses = error
    with pytest.raises(SignInError, match=f"{error}.*unpixel account sign-in"):
        tokens.sign_in(account_on("imap.example.org", 993, provider.url), invited.append)


@pytest.mark.usefixtures("ring")
def test_what_is_no_provider_is_told() -> None:
    """Nothing listens, or it describes itself with foreign addresses."""
    with pytest.raises(NotReached, match="could not be reached"):
        tokens.sign_in(account_on("imap.example.org", 993, "http://127.0.0.1:9"), invited.append)


@pytest.mark.usefixtures("ring")
def test_never_signed_in_names_the_step(provider: Provider) -> None:
    """A ConfigError, which pauses an account."""
    with pytest.raises(ConfigError, match="account sign-in ada"):
        Tokens()(account_on("imap.example.org", 993, provider.url))


def test_a_server_without_tokens_says_so(dovecot: Dovecot) -> None:
    """A server that announces neither mechanism is not sent the token in any other way."""
    account = dovecot.account()
    with pytest.raises(Exception, match="takes no access token") as caught:
        ImapStore(account.host, account.port, account.user, Token("secret-token"), security="none")
    assert not isinstance(caught.value, LoginRefused)
    assert "secret-token" not in dovecot.log()


def test_the_mechanisms_are_as_written_down() -> None:
    """RFC 7628's own example, and Google's documented form; commas and equals signs of a name are escaped."""
    assert oauthbearer(
        "server.example.com", 143, "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
    ) == (
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )
    assert oauthbearer("h", 1, "a,b=c", "t").startswith(b"n,a=a=2Cb=3Dc,\x01")
    assert xoauth2("someuser@example.com", "ya29.vF9") == (
        b"user=someuser@example.com\x01auth=Bearer ya29.vF9\x01\x01"
    )


@pytest.fixture
def ms(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider in Microsoft's place, over TLS as msal demands."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    made = Provider(context)
    monkeypatch.setattr(microsoft, "AUTHORITY", f"{made.url}/common")
    yield made
    made.stop()


def test_microsoft_by_its_own_library(ring: Memory, ms: Provider) -> None:
    """msal shows page and code, asks for IMAP, keeps its cache in the keyring, and renews from it in a new process."""
    account = replace(account_on("outlook.office365.com", 993, ""), oauth="microsoft")
    tokens.sign_in(account, invited.append)
    assert invited == [Invitation(f"{ms.url}/activate", "ABCD-EFGH")]
    asked = next(form for path, form in ms.state.asked if "/device" in path)
    assert "https://outlook.office.com/IMAP.AccessAsUser.All" in asked["scope"]
    assert "offline_access" in asked["scope"]
    first = Tokens()(account)
    assert first in ms.state.access
    second = Tokens()(account, anew=True)
    assert second in ms.state.access
    assert second != first
    assert ms.state.grants().count("refresh_token") == 1
    ms.sign_out()
    with pytest.raises(SignInError, match="unpixel account sign-in"):
        Tokens()(account, anew=True)
    assert len(ring.kept) == 1


def wait_for(true: object) -> None:
    """Wait until something is so, for a minute at most."""
    assert callable(true)
    done = threading.Event()
    for _ in range(1200):
        if true():
            return
        done.wait(0.05)
    raise AssertionError("it did not come about in a minute")
