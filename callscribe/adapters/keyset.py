"""A published set of signing keys (JWK Set, RFC 7517), fetched when needed and kept."""

import asyncio
import time
from collections.abc import Callable

import httpx
import jwt
import msgspec

FETCH_WITHIN_S = 5.0
MAX_BYTES = 256 * 1024
MAX_KEYS = 100
COOL_DOWN_S = 10.0
"""The least time between two fetches, so that made-up key ids cannot make us ask without end."""
FRESH_S = 3600.0
"""Age after which the set is fetched again although the key is known: withdrawn keys go."""


class KeySetUnavailable(Exception):
    """The key set could not be fetched, and no earlier one is kept."""


class KeySet:
    """The keys behind one URL; one fetch at a time, and the last good set is kept while fetching fails."""

    def __init__(
        self,
        url: str,
        http: httpx.AsyncClient,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`http` stays the caller's to close. Outside development `url` is https: who answers there is believed."""
        self._url = url
        self._http = http
        self._monotonic = monotonic
        self._keys: dict[str, jwt.PyJWK] | None = None
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """The RSA key with this id, or None where the issuer publishes none. Raises KeySetUnavailable."""
        if not self._has(key_id):
            await self._refresh(key_id)
        if self._keys is None:
            raise KeySetUnavailable(self._url)
        return self._keys.get(key_id)

    def _has(self, key_id: str) -> bool:
        fresh = self._monotonic() - self._fetched_at < FRESH_S
        return fresh and self._keys is not None and key_id in self._keys

    async def _refresh(self, key_id: str) -> None:
        async with self._one_at_a_time:
            # Whoever waited here finds the set that the one before fetched.
            if self._has(key_id) or self._monotonic() - self._tried_at < COOL_DOWN_S:
                return
            try:
                async with asyncio.timeout(FETCH_WITHIN_S):
                    self._keys = await self._fetch()
                self._fetched_at = self._monotonic()
            except (TimeoutError, httpx.HTTPError, _NoKeySet):
                # The kept keys stay good: a token signed with one of them is still its issuer's.
                return
            finally:
                self._tried_at = self._monotonic()

    async def _fetch(self) -> dict[str, jwt.PyJWK]:
        body = bytearray()
        async with self._http.stream("GET", self._url, follow_redirects=False) as response:
            if response.status_code != httpx.codes.OK:
                raise _NoKeySet
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise _NoKeySet
        return _parsed(bytes(body))


class _NoKeySet(Exception):
    """The answer is no key set within the limits."""


class _Document(msgspec.Struct):
    keys: list[dict[str, object]]


def _parsed(body: bytes) -> dict[str, jwt.PyJWK]:
    try:
        document = msgspec.json.decode(body, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _NoKeySet from fault
    found: dict[str, jwt.PyJWK] = {}
    for entry in document.keys[:MAX_KEYS]:
        key_id = entry.get("kid")
        if isinstance(key_id, str) and entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig":
            try:
                found[key_id] = jwt.PyJWK(entry, algorithm="RS256")
            except jwt.PyJWTError:
                continue  # One unreadable key does not take the others away.
    return found
