"""Who may use the data plane: requests signed with the access key, and Entra's bearer tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, unquote, urlencode

import jwt

from acs_emulator.signing import Keys

MAX_SKEW_SECONDS = 5 * 60
AUDIENCES = ("https://communication.azure.com", "https://communication.azure.com/")
"""Of Entra's tokens; the second is what SDKs ask for, with two slashes in their scope."""
_HMAC = re.compile(
    r"HMAC-SHA256\s+SignedHeaders=(x-ms-date|date);host;x-ms-content-sha256&Signature=(\S+)", re.IGNORECASE
)


class Unauthorized(Exception):
    """A request that is not signed as it should be; the message says how."""


def admit(
    *,
    access_key: str,
    keys: Keys,
    method: str,
    raw_path: str,
    query: str,
    headers: dict[str, str],
    body: bytes,
) -> None:
    """Let a request pass that is signed with the access key or has a token; header names are lower-case. Raises
    Unauthorized."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        _check_token(keys, token.strip())
        return
    check(access_key=access_key, method=method, raw_path=raw_path, query=query, headers=headers, body=body)


def _check_token(keys: Keys, token: str) -> None:
    try:
        keys.verify(token, AUDIENCES)
    except jwt.InvalidTokenError as error:
        raise Unauthorized(f"the token is not good: {error}") from error


def check(
    *,
    access_key: str,
    method: str,
    raw_path: str,
    query: str,
    headers: dict[str, str],
    body: bytes,
    now: datetime | None = None,
) -> None:
    """Verify a signature; header names are lower-case. Raises Unauthorized.

    Source: https://learn.microsoft.com/azure/communication-services/tutorials/hmac-header-tutorial. What the SDKs sign
    otherwise than they send is accepted, see `_hosts`, `_paths` and `_queries`.
    """
    authorization = headers.get("authorization", "")
    if not authorization:
        raise Unauthorized("there is no Authorization header")
    found = _HMAC.fullmatch(authorization)
    if found is None:
        raise Unauthorized(
            "Authorization is neither 'HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&…' nor 'Bearer …'"
        )
    date = headers.get(found[1].lower(), "")
    _check_date(found[1].lower(), date, now or datetime.now(UTC))
    content_hash = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if not hmac.compare_digest(headers.get("x-ms-content-sha256", "").encode(), content_hash.encode()):
        raise Unauthorized("x-ms-content-sha256 is not the hash of the body")
    key = base64.b64decode(access_key)
    given = found[2].encode("utf-8", "surrogateescape")
    for target in _targets(raw_path, query):
        for host in _hosts(headers):
            signed = f"{method}\n{target}\n{date};{host};{content_hash}".encode()
            if hmac.compare_digest(base64.b64encode(hmac.digest(key, signed, "sha256")), given):
                return
    raise Unauthorized(
        "the signature does not match: another access key, or something else was signed than sent"
    )


def _check_date(header: str, date: str, now: datetime) -> None:
    try:
        sent = parsedate_to_datetime(date)
    except (ValueError, OverflowError) as error:
        raise Unauthorized(f"{header} is missing or no RFC 1123 date") from error
    if sent.tzinfo is None or abs((now - sent).total_seconds()) > MAX_SKEW_SECONDS:
        raise Unauthorized(f"{header} is more than five minutes off")


def _targets(raw_path: str, query: str) -> Iterator[str]:
    for asked in _queries(query):
        for path in _paths(raw_path):
            yield f"{path}?{asked}" if asked else path


def _hosts(headers: dict[str, str]) -> Iterator[str]:
    """The Host header; the same as Python signs it where the endpoint ends in a slash or names the scheme's own port,
    as Java signs it (never with a port), and the resource's host where a request for a recording's content names it."""
    host = headers.get("host", "")
    yield host
    yield f"{host}/"
    if resource := headers.get("x-ms-host"):
        port = re.search(r"(:\d+)?$", host)
        for name in (resource, f"{resource}{port[0] if port else ''}"):
            yield from (name, f"{name}/")
    name = re.sub(r":\d+$", "", host)
    if name != host:
        yield name
    else:
        yield from (f"{host}:443", f"{host}:443/", f"{host}:80", f"{host}:80/")


def _paths(raw_path: str) -> Iterator[str]:
    """The path as sent; a participant's raw id that was signed percent-encoded but sent as it is, as asynchronous Python
    clients do; the path decoded."""
    yield raw_path
    before, separator, raw_id = raw_path.rpartition("/participants/")
    if separator:
        yield f"{before}{separator}{quote(unquote(raw_id), safe='')}"
    if (decoded := unquote(raw_path)) != raw_path:
        yield decoded


def _queries(query: str) -> Iterator[str]:
    """The query as sent; the same encoded as a form, which JavaScript signs."""
    yield query
    if (form := urlencode(parse_qsl(query, keep_blank_values=True))) != query:
        yield form
