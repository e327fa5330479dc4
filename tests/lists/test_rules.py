"""The rules commands: taking over, keeping what is good, and asking no private address."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner, Result

from blocker.cli import main
from blocker.lists import ListError, Lists, fetch
from blocker.lists.fetch import is_public

LIST = "! mine\n||tracked.example^\n||other.example^\n||third.example^\n"


class Server:
    """Serves one list over TLS; what it answers can be changed."""

    def __init__(self, authority: trustme.CA) -> None:
        self.body, self.status, self.headers, self.asked = LIST.encode(), 200, {"ETag": '"1"'}, []  # type: ignore[var-annotated]
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(dict(self.headers))
                same = self.headers.get("If-None-Match") == outer.headers.get("ETag")
                self.send_response(304 if same and outer.status == 200 else outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0" if same else str(len(outer.body)))
                self.end_headers()
                self.wfile.write(b"" if same else outer.body)

            def log_message(self, *_: object) -> None:
                """In silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("lists.example").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """lists.example, which is this machine under a public address."""
    made = Server(authority)
    make = ssl.create_default_context
    look, connect = socket.getaddrinfo, socket.create_connection

    def trusting() -> ssl.SSLContext:
        context = make()
        authority.configure_trust(context)
        return context

    def public(host: str, port: int, *more: int, **named: int) -> list[object]:
        if host == "lists.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]
        return list(look(host, port, *more, **named))

    def here(address: tuple[str, int], timeout: float) -> socket.socket:
        assert address == ("8.8.8.8", made.port)
        return connect(("127.0.0.1", made.port), timeout)

    monkeypatch.setattr(ssl, "create_default_context", trusting)
    monkeypatch.setattr(socket, "getaddrinfo", public)
    monkeypatch.setattr(socket, "create_connection", here)
    yield made
    made.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory."""
    (tmp_path / "config.toml").write_text('data_dir = "data"\n')
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path / "data"


def rules(*arguments: str) -> Result:
    """A command on lists."""
    return CliRunner().invoke(main, ["rules", *arguments])


def test_a_list_comes_is_renewed_and_goes(server: Server, home: Path) -> None:
    """Fetched once, asked for again only where it changed, and told by name."""
    url = f"https://lists.example:{server.port}/privacy.txt"
    assert f"{url}: 3 filters." in rules("add", url).output
    assert {path.stat().st_mode & 0o077 for path in (home / "lists").iterdir()} == {0}
    assert "no newer version" in rules("update").output
    assert server.asked[-1]["If-None-Match"] == '"1"'
    server.body, server.headers = LIST.encode() + b"||new.example^\n", {"ETag": '"2"'}
    assert f"{url}: 4 filters." in rules("update").output
    assert url in rules("list").output
    assert "Blocked by ||new.example^" in rules("test", "https://new.example/x.gif").output
    assert "No filter blocks it." in rules("test", "https://fine.example/x.gif").output
    assert rules("remove", "privacy.txt").exit_code == 0
    assert "There is no list" in rules("list").output
    assert rules("remove", url).exit_code == 1


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"||one.example^\n", 200, "1 filters where there were 3"),
        (b"<html>gone</html>", 200, "holds no filter"),
        (b"! only a comment\n", 200, "holds no filter"),
        (b"\xff\xfe\x00", 200, "no text in UTF-8"),
        (b"", 404, "answers 404"),
    ],
)
def test_what_is_broken_or_small_leaves_the_old_one(
    server: Server, home: Path, body: bytes, status: int, said: str
) -> None:
    """And says why; exit code 1."""
    url = f"https://lists.example:{server.port}/privacy.txt"
    rules("add", url)
    server.body, server.status, server.headers = body, status, {"ETag": '"2"'}
    result = rules("update")
    assert (result.exit_code, said in result.output) == (1, True), result.output
    assert list(Lists(home).texts()) == [LIST]


@pytest.mark.parametrize(
    "place", ["http://lists.example/x", "https://127.0.0.1/x", "https://localhost/x", "file:///etc/passwd"]
)
def test_a_redirect_leads_nowhere_private(server: Server, home: Path, place: str) -> None:
    """Each step is checked as the first one."""
    server.status, server.headers = 302, {"Location": place}
    result = rules("add", f"https://lists.example:{server.port}/x")
    assert (result.exit_code, "is not fetched" in result.output or "is not asked" in result.output) == (
        1,
        True,
    )
    assert not (home / "lists").exists()


def test_a_circle_of_redirects_ends(server: Server, home: Path) -> None:
    """After a few."""
    server.status, server.headers = 302, {"Location": "/again"}
    assert "leads on and on" in rules("add", f"https://lists.example:{server.port}/x").output
    assert len(server.asked) == 5
    assert not (home / "lists").exists()


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *(
            "224.0.0.1",
            "::1",
            "fe80::1%eth0",
            "fd00::1",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "::",
            "ff02::1",
        ),
    ],
)
def test_private_addresses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is asked, however its name is written; a name that leads to one among others is not asked either."""
    assert not is_public(address)
    assert is_public("8.8.8.8") and is_public("2001:4860:4860::8888")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    both = [(family, 1, 6, "", (address, 443)), (socket.AF_INET, 1, 6, "", ("8.8.8.8", 443))]

    def nobody(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket, "create_connection", nobody)
    for answer in (both[:1], both):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, answer=answer, **_k: answer)
        with pytest.raises(ListError, match="private address"):
            fetch.fetch("https://name.example/list.txt", 1000)


@pytest.mark.parametrize(
    "source",
    [
        "http://lists.example/x",
        "ftp://lists.example/x",
        "https:///x",
        "https://a:b@lists.example/x",
        "/nowhere/list.txt",
    ],
)
def test_what_is_no_https_address_or_file(home: Path, source: str) -> None:
    """Is refused with a sentence."""
    result = rules("add", source)
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1), result.output
    assert not (home / "lists").exists()


def test_a_file_is_taken_over(home: Path, tmp_path: Path) -> None:
    """And again when it changed; where it is gone, what was taken over stays."""
    (tmp_path / "mine.txt").write_text(LIST)
    assert "3 filters" in rules("add", str(tmp_path / "mine.txt")).output
    (tmp_path / "mine.txt").unlink()
    assert rules("update").exit_code == 1
    assert list(Lists(home).texts()) == [LIST]


def test_without_a_list_nothing_can_be_tested(home: Path) -> None:
    """A sentence says how to add one; what is no URL is a mistake of usage."""
    assert "add one with `unpixel rules add`" in rules("test", "https://a.example/x").output
    assert rules("test", "no url").exit_code == 2
    assert not home.exists()
