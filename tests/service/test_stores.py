"""Opening an account's store: what its configuration is told to be wrong in, by the key that its owner wrote."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from blocker.config import AccountConfig, Passwords
from blocker.mailbox.protocol import MailboxError
from blocker.service import imap


def opened(port: int, ca_file: Path | None = None) -> None:
    """Open the account's store."""
    account = AccountConfig(
        "home", "ada@example.org", "127.0.0.1", "ada", port=port, password_command="echo x", ca_file=ca_file
    )
    imap(Passwords())(account)


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a server whose certificate is of an authority of its own."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        try:
            context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(10)
    listener.close()


def test_an_unknown_authority_names_the_key(stranger: int) -> None:
    """What to set is named as it is written in the file."""
    with pytest.raises(MailboxError, match=r"; if the server is yours, set accounts\.home\.ca_file to "):
        opened(stranger)


def test_a_file_without_certificates_names_the_key(tmp_path: Path) -> None:
    """The file, and where its name stands."""
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(MailboxError, match=rf"{name} cannot .*accounts\.home\.ca_file"):
            opened(993, tmp_path / name)
