"""The page Plug-ins offers the files."""

from __future__ import annotations

from flask.testing import FlaskClient

from webui.plugins import package


def test_the_extension_is_offered(client: FlaskClient) -> None:
    """The very file that the command makes, as one to keep; another one there is not."""
    assert 'href="/plugins/thunderbird/file"' in client.get("/plugins").text
    answer = client.get("/plugins/thunderbird/file")
    assert answer.data == package("thunderbird")
    assert answer.headers["Content-Disposition"] == "attachment; filename=unpixel.xpi"
    assert client.get("/plugins/pine/file").status_code == 404
