"""An OAuth 2 provider on loopback: device codes (RFC 8628), the browser's way (RFC 8252), renewal, introspection (RFC 7662).

It speaks the provider's language that a library expects, Microsoft's too, and notes what it was asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT = "client-1"


@dataclass
class State:
    """What the provider knows and does."""

    user: str = "ada"
    """Who grants access."""
    pending: int = 1
    """How often it says that the code was not typed yet."""
    refuses: str = ""
    """The error it answers at the token endpoint."""
    seconds: int = 3600
    """How long an access token lasts."""
    rotates: bool = True
    """Whether a renewal gives another refresh token, and ends the former."""
    without_device: bool = False
    down: bool = False
    access: dict[str, str] = field(default_factory=dict)
    """Access tokens that are good, and whose they are."""
    refresh: set[str] = field(default_factory=set)
    challenges: dict[str, str] = field(default_factory=dict)
    """PKCE challenge of each code."""
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Path and form of each request."""
    numbers: Any = field(default_factory=lambda: count(1))

    def grants(self) -> list[str]:
        """The grant types that the token endpoint was asked for."""
        return [form.get("grant_type", "") for path, form in self.asked if path.endswith("/token")]


class Provider:
    """A running provider; `stop` ends it. With a certificate it speaks TLS as localhost."""

    def __init__(self, certificate: ssl.SSLContext | None = None) -> None:
        self.state = State()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if certificate is not None:
            self._server.socket = certificate.wrap_socket(self._server.socket, server_side=True)
        host = "https://localhost" if certificate else "http://127.0.0.1"
        self.url = f"{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def revoke(self) -> None:
        """Access tokens given so far are good no more; refresh tokens are."""
        self.state.access.clear()

    def sign_out(self) -> None:
        """Nothing given so far is good any more."""
        self.revoke()
        self.state.refresh.clear()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._do({})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                self._do({key: values[0] for key, values in parse_qs(body, keep_blank_values=True).items()})

            def _do(self, form: dict[str, str]) -> None:
                url = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                status, headers, answer = provider.answer(url.path, form | query)
                body = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                pass

        return Handler

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and JSON for one request."""
        state = self.state
        state.asked.append((path, form))
        if state.down and not path.endswith("/introspect"):
            return 503, {}, {"error": "temporarily_unavailable"}
        if path.endswith("/openid-configuration"):
            return 200, {}, self._about(path.partition("/.well-known")[0])
        if path.endswith(("/device", "/devicecode")):
            told = {"device_code": "D-1", "user_code": "ABCD-EFGH", "expires_in": 600, "interval": 0}
            return 200, {}, told | {"verification_uri": f"{self.url}/activate"}
        if path.endswith("/authorize"):
            return self._authorize(form)
        if path.endswith("/introspect"):
            user = state.access.get(form.get("token", ""))
            return 200, {}, {"active": "true", "username": user} if user else {"active": "false"}
        if path.endswith("/token"):
            return self._token(form)
        return 404, {}, {"error": "not_found"}

    def _about(self, base: str) -> dict[str, Any]:
        base = f"{self.url}{base}"
        about = {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
        }
        return (
            about
            if self.state.without_device
            else about | {"device_authorization_endpoint": f"{base}/device"}
        )

    def _authorize(self, form: dict[str, str]) -> tuple[int, dict[str, str], dict[str, Any]]:
        """The person agrees at once."""
        code = f"code-{next(self.state.numbers)}"
        self.state.challenges[code] = form["code_challenge"]
        back = f"{form['redirect_uri']}?{urlencode({'code': code, 'state': form['state']})}"
        return 302, {"Location": back}, {}

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, str], dict[str, Any]]:
        state, kind = self.state, form.get("grant_type", "")
        if state.refuses:
            return 400, {}, {"error": state.refuses}
        if kind.endswith("device_code") and state.pending:
            state.pending -= 1
            return 400, {}, {"error": "authorization_pending"}
        if kind == "authorization_code" and _challenge(form["code_verifier"]) != state.challenges.pop(
            form["code"], ""
        ):
            return 400, {}, {"error": "invalid_grant"}
        if kind == "refresh_token" and form.get("refresh_token") not in state.refresh:
            return 400, {}, {"error": "invalid_grant"}
        number = next(state.numbers)
        access = f"access-{number}-{hashlib.sha256(str(number).encode()).hexdigest()}"
        state.access[access] = state.user
        given = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": state.seconds,
            "scope": form.get("scope", ""),
            "id_token": self._id_token(),
            "client_info": _b64({"uid": "1", "utid": "2"}),
        }
        if kind != "refresh_token" or state.rotates:
            state.refresh.discard(form.get("refresh_token", ""))
            given["refresh_token"] = f"refresh-{number}"
            state.refresh.add(f"refresh-{number}")
        return 200, {}, given

    def _id_token(self) -> str:
        now = int(time.time())
        said = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "1",
            "preferred_username": self.state.user,
            "iat": now,
            "exp": now + 600,
        }
        return f"{_b64({'alg': 'none'})}.{_b64(said)}.x"


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
