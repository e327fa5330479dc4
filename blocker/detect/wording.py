"""What the words in a URL call it: an endpoint that counts, a picture, a portrait, a sign of a brand; and who signed it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from blocker.detect.tokens import PICTURES


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for tables that are long."""
    return frozenset(text.split())


_ENDPOINTS = word_set(
    """
    open opens opened opentrack opentracking openrate track tracking tracker trackopen pixel beacon imp impression
    view viewed wf trk read readreceipt stat stats log logger hit ping event e2t webbug bug
    count counter seen gelesen gelezen ouverture zaehler zaehlpixel markread ivw
    mailopen mailopened mailread mailview mailviewed mailtrack mailtracking
    emailopen emailopened emailread emailview emailviewed emailtrack emailtracking
    """
)
_PICTURES = word_set(
    """
    image images img imgs imageserver getimage showimage viewimage renderimage imageproxy
    picture pictures pic pics photo photos bild bilder imagen imagenes imagem imagens immagine immagini afbeelding
    thumb thumbs thumbnail thumbnails banner banners chart staticmap qr qrcode barcode
    """
)
_PORTRAITS = word_set(
    """
    avatar avatars gravatar userpic userpics portrait portraits headshot headshots profilepic profilephoto profileimage
    profilbild displayphoto
    """
)
_SIGNS = word_set(
    "logo logos logotype logotipo brandlogo companylogo getlogo showlogo logoimage sitelogo clientlogo icon icons favicon badge emblem wordmark"
)
_LIBRARIES = word_set(
    """
    image images img imgs assets asset uploads upload gallery library files userfiles userimages mediafiles
    gfx graphics pics pictures bilder imagenes hubfs media public static cdn storage attachments content cms template templates
    """
)
_DEPOTS = word_set(
    "image images img imgs pic pics picture pictures static cdn media assets asset content contents files gfx bilder photos"
)
"""Words in first labels of hosts that are for pictures and files."""
_DEPOT_DOMAINS = (
    ".cloudfront.net",
    ".azureedge.net",
    ".akamaihd.net",
    ".b-cdn.net",
    ".blob.core.windows.net",
    ".digitaloceanspaces.com",
    ".r2.dev",
)
"""Where networks deliver files from that others put there, and stores of files (each one's own documentation)."""
_DATED = re.compile(r"/(?:19|20)[0-9]{2}[-/](?:0[1-9]|1[0-2])(?:-[0-9]{2})?/")
"""A folder for what was put there in one month, or on one day."""
_CODES = word_set("qr qrcode barcode aztec datamatrix boardingpass")
"""Pictures that a machine reads: what stands in them is their reader's, where it is long."""
_STYLES = word_set("css css2 fonts font webfont webfonts style styles stylesheet stylesheets")
_TELLING = _PICTURES | _PORTRAITS | _SIGNS | _LIBRARIES | _CODES | _STYLES
"""All of these: of most paths hardly a word is one."""
_BETWEEN_WORDS = bytes.maketrans(b"/_.=-?&:+,", b"          ")

_PROOFS = word_set(
    "sig signature x-amz-signature x-goog-signature hmac digest x-oss-signature q-signature __gda__ hdnts hdnea"
)
"""Parameters that prove that whoever wrote a URL may give its file away."""
_SIGNED_WITH = _PROOFS | word_set(
    """
    expires expire exp expiry policy key-pair-id awsaccesskeyid googleaccessid ossaccesskeyid
    x-amz-algorithm x-amz-credential x-amz-date x-amz-expires x-amz-signedheaders x-amz-security-token x-amz-user-agent
    x-goog-algorithm x-goog-credential x-goog-date x-goog-expires x-goog-signedheaders response-content-type
    response-content-disposition response-cache-control versionid
    sv se sr sp st spr sip ss srt skoid sktid skt ske sks skv
    q-sign-algorithm q-ak q-sign-time q-key-time q-header-list q-url-param-list
    """
)
"""What stands beside them: Amazon S3 and CloudFront, Azure's shared access signatures, Google Cloud Storage, Alibaba's and
Tencent's stores (each one's own reference of its URLs)."""
_SIGNED = ("sig", "hmac", "digest", "__gda__", "hdn")
"""What stands in each of the proofs' names."""
MAX_QUERY = 2048


class Wording(NamedTuple):
    """What a URL is called by its own words."""

    picture: bool
    """It is a picture's, though no file extension may say so."""
    portrait: bool
    """It is the picture of a person."""
    sign: bool
    """It is a logo or an icon."""
    library: bool
    """One of its folders is for pictures and files."""
    code: bool
    """It is a picture that a machine reads: a ticket's, a card's."""
    depot: bool
    """Its host is named as one for pictures and files, or its folder by when it was filled."""
    style: bool
    """It is a style sheet's, or a font's."""


def says_picture(alt: str) -> bool:
    """Whether a text for those who see no picture is what programs write there: `image`, or the name of a file."""
    said = alt.strip().lower()
    return said in _PICTURES or (" " not in said and said.rpartition(".")[2] in PICTURES)


def _is_depot(host: str) -> bool:
    """Whether a host is named as one for pictures and files."""
    if not _DEPOTS.isdisjoint(host.partition(".")[0].split("-")) or host.endswith(_DEPOT_DOMAINS):
        return True
    return host.endswith(".amazonaws.com") and (host.startswith(("s3.", "s3-")) or ".s3" in host)


def counts(host: str, path: str) -> bool:
    """Whether a word of a path, or of a host's first label, says that something is counted."""
    return not _ENDPOINTS.isdisjoint(_words(f"{host.partition('.')[0]}{path}"))


def _words(text: str) -> list[str]:
    # Octets are translated ten times as fast as characters, and these stand in no other letter of UTF-8.
    octets = text.lower().encode("utf-8", "surrogatepass").translate(_BETWEEN_WORDS)
    return octets.decode("utf-8", "surrogatepass").split(" ")


@lru_cache(maxsize=4096)
def wording(host: str, path: str, query: str) -> Wording:
    """The words of a host, a path and a query, and what they say."""
    named = _TELLING.intersection(_words(path))
    return Wording(
        not _PICTURES.isdisjoint(named),
        not _PORTRAITS.isdisjoint(named) or not _PORTRAITS.isdisjoint(host.split(".")),
        not _SIGNS.isdisjoint(named) or (query != "" and not _SIGNS.isdisjoint(_words(query[:MAX_QUERY]))),
        not _LIBRARIES.isdisjoint(named) and not _LIBRARIES.isdisjoint(_words(path.rpartition("/")[0])),
        not _CODES.isdisjoint(named),
        _is_depot(host) or _DATED.search(path) is not None,
        not _STYLES.isdisjoint(named),
    )


def unsigned(query: str) -> str:
    """The query without a signature and what belongs to it; as it is where nothing is signed."""
    if not query:
        return query
    lowered = query.lower()
    for sign in _SIGNED:  # a generator would take longer than what it asks
        if sign in lowered:
            break
    else:
        return query
    pairs = query[1:].split("&")
    names = [pair.partition("=")[0].lower() for pair in pairs]
    if _PROOFS.isdisjoint(names):
        return query
    rest = [pair for pair, name in zip(pairs, names, strict=True) if name not in _SIGNED_WITH]
    return f"?{'&'.join(rest)}" if rest else ""
