"""Who may use the API: keys, their written form, and scopes."""

import hashlib
import hmac
from enum import StrEnum

import msgspec


class Scope(StrEnum):
    READ = "read"
    CONTROL = "control"
    ADMIN = "admin"


_IMPLIED = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.CONTROL: frozenset({Scope.READ, Scope.CONTROL}),
    Scope.ADMIN: frozenset({Scope.READ, Scope.CONTROL, Scope.ADMIN}),
}


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is kept: the secret itself is never stored, only its SHA-256 (it has 256 bits of its own)."""

    id: str
    name: str
    digest: bytes
    scopes: frozenset[Scope]
    created_at: int
    revoked_at: int | None = None


class Principal(msgspec.Struct, frozen=True):
    """Who asks, and what they may do."""

    name: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        return any(scope in _IMPLIED[held] for held in self.scopes)


PREFIX = "callscribe_"


def written(key_id: str, secret: str) -> str:
    """The key as its holder writes it: `callscribe_{id}_{secret}`; the prefix lets secret scanners find leaks."""
    return f"{PREFIX}{key_id}_{secret}"


def split(text: str) -> tuple[str, str] | None:
    """Id and secret of a written key, or None where the text is none."""
    if not text.startswith(PREFIX) or len(text) > 200:
        return None
    key_id, separator, secret = text.removeprefix(PREFIX).partition("_")
    return (key_id, secret) if separator and key_id and secret else None


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def admits(key: ApiKey, secret: str) -> bool:
    """Whether the secret is the key's and the key is not revoked; takes the same time whatever the secret."""
    return hmac.compare_digest(key.digest, digest(secret)) and key.revoked_at is None


def same_secret(given: str, expected: str) -> bool:
    """Compare two shared secrets in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())
