"""Something put into other hands for a while, that nobody but one process can open: its key never leaves its memory.

X25519 with a key made for each thing, HKDF-SHA-256, ChaCha20-Poly1305 (RFC 7748, 5869, 8439), as in libsodium's sealed
boxes; the library has no such box itself before its version 47.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SIZE = 32
_NONCE = bytes(12)
"""Each key seals once."""


class NotOpened(ValueError):
    """It was sealed for another process, or was changed."""


class Opener:
    """Opens what was sealed for it, for as long as this process lives."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.address = urlsafe_b64encode(self._private.public_key().public_bytes_raw()).decode()
        """What a sealer needs to know; no secret."""

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Raises NotOpened."""
        try:
            theirs = X25519PublicKey.from_public_bytes(sealed[:_SIZE])
            key = _derived(self._private.exchange(theirs), sealed[:_SIZE], self.address)
            return ChaCha20Poly1305(key).decrypt(_NONCE, sealed[_SIZE:], None)
        except (InvalidTag, ValueError):
            raise NotOpened("It was sealed for another process, or was changed.") from None


def seal(address: str, content: bytes) -> bytes:
    """Content that only the opener of this address can read. Raises ValueError for what is no address."""
    own = X25519PrivateKey.generate()
    public = own.public_key().public_bytes_raw()
    theirs = X25519PublicKey.from_public_bytes(urlsafe_b64decode(address))
    key = _derived(own.exchange(theirs), public, address)
    return public + ChaCha20Poly1305(key).encrypt(_NONCE, content, None)


def _derived(shared: bytes, public: bytes, address: str) -> bytes:
    return HKDF(SHA256(), _SIZE, None, b"unpixel sealed" + public + address.encode()).derive(shared)
