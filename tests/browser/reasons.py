"""Why a browser does not ask for something that a message names: each such reference needs a reason."""

from __future__ import annotations

from urllib.parse import urlsplit

from blocker.detect.report import Judged

BACKGROUND_IS_READ_ON = ("body", "table", "thead", "tbody", "tfoot", "tr", "td", "th")
"""HTML, sections 15.3.1 and 15.3.8: `background` maps to a style on these alone."""

OTHER_READERS = {
    "img[dynsrc]": "Internet Explorer's",
    "img[lowsrc]": "Netscape's",
    "bgsound[src]": "Internet Explorer's",
    "xml[src]": "Internet Explorer's",
    "portal[src]": "an experiment that ended",
    "html[manifest]": "the application cache was removed",
    "object[codebase]": "plug-ins were removed",
    "applet[codebase]": "plug-ins were removed",
    "applet[archive]": "plug-ins were removed",
    "script[src]": "JavaScript is off",
    "script[href]": "JavaScript is off",
    "script[xlink:href]": "JavaScript is off",
    "font-face-uri[href]": "Safari's",
    "font-face-uri[xlink:href]": "Safari's",
    "amp-img[src]": "AMP, whose own script is missing",
    "amp-img[srcset]": "AMP, whose own script is missing",
    "amp-anim[src]": "AMP, whose own script is missing",
    "amp-anim[srcset]": "AMP, whose own script is missing",
    "amp-list[src]": "AMP, whose own script is missing",
    "link[next]": "Firefox alone, ahead of time",
    "link[modulepreload]": "JavaScript is off",
    "link[import]": "HTML imports were removed",
    "link[subresource]": "was never standardised",
    "link[prerender]": "Chromium alone, and not without JavaScript",
    "link[dns-prefetch]": "a look-up, not a request",
    "link[preconnect]": "a connection, not a request",
    "link[prefetch]": "at leisure, or never",
    "link[manifest]": "when a page is installed",
    "link[icon]": "for the tab of a window that is seen",
    "link[mask-icon]": "Safari's",
    "link[apple-touch-icon]": "Safari's",
    "link[apple-touch-icon-precomposed]": "Safari's",
    "link[apple-touch-startup-image]": "Safari's",
}
"""Vectors that other readers follow, with what they are to Chromium and Firefox."""

_PLUG_INS = (".swf", ".class", ".dcr", ".cab", ".jar")


def why_not_asked(judged: Judged) -> str | None:
    """The reason, in words; None where the browser should have asked."""
    reference = judged.reference
    assert reference is not None and judged.url is not None
    if reference.conditional is not None:
        return "in a conditional comment, which Outlook alone reads"
    address = urlsplit(judged.url)
    if address.username or address.password:
        return "Chromium sends no name and password of a part of a page"
    if address.scheme in ("file", "smb"):
        return "a page loads no files of other machines, but on Windows"
    if reference.raw.lower().startswith(("mhtml:", "jar:", "its:", "ms-its:", "mk:")):
        return "in an archive, which Internet Explorer alone opens"
    if address.scheme == "ftp":
        return "browsers no longer speak FTP"
    vector = judged.vector
    if vector in OTHER_READERS:
        return OTHER_READERS[vector]
    if vector.startswith("v:"):
        return "VML, which Outlook alone reads"
    if vector.endswith("[background]") and judged.element not in BACKGROUND_IS_READ_ON:
        return "background is read on body and on the parts of a table alone"
    if vector.startswith("style") or vector.endswith("[background]"):
        return "no style that applies here uses it"
    if vector.startswith(("embed", "object", "applet")) and address.path.endswith(_PLUG_INS):
        return OTHER_READERS["object[codebase]"]
    if vector.endswith("[srcset]") or (vector == "img[src]" and "srcset" in reference.attrs):
        return "another candidate was chosen"
    return None
