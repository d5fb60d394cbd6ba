"""HMAC authentication of requests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote

MAX_SKEW_SECONDS = 5 * 60
_SCHEME = re.compile(r"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=(\S+)")


class Unauthorized(Exception):
    """A request that is not signed as it should be; the message says how."""


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
    """Verify a request; header names are lower-case. Raises Unauthorized.

    Source: https://learn.microsoft.com/azure/communication-services/tutorials/hmac-header-tutorial. Two deviations of
    correct clients are accepted: a host signed with a trailing slash, and a participant's raw id that was signed
    percent-encoded but sent as it is.
    """
    authorization = headers.get("authorization", "")
    if not authorization:
        raise Unauthorized("there is no Authorization header")
    signature = _SCHEME.fullmatch(authorization)
    if signature is None:
        raise Unauthorized(
            "Authorization is not 'HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&…'"
        )
    date = headers.get("x-ms-date", "")
    _check_date(date, now or datetime.now(UTC))
    content_hash = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if not hmac.compare_digest(headers.get("x-ms-content-sha256", "").encode(), content_hash.encode()):
        raise Unauthorized("x-ms-content-sha256 is not the hash of the body")
    key = base64.b64decode(access_key)
    given = signature[1].encode("utf-8", "surrogateescape")
    for path in _paths(raw_path):
        target = f"{path}?{query}" if query else path
        for host in (headers.get("host", ""), headers.get("host", "") + "/"):
            signed = f"{method}\n{target}\n{date};{host};{content_hash}".encode()
            expected = base64.b64encode(hmac.digest(key, signed, "sha256"))
            if hmac.compare_digest(expected, given):
                return
    raise Unauthorized(
        "the signature does not match: another access key, or something else was signed than sent"
    )


def _check_date(date: str, now: datetime) -> None:
    try:
        sent = parsedate_to_datetime(date)
    except ValueError as error:
        raise Unauthorized("x-ms-date is missing or no RFC 1123 date") from error
    if sent.tzinfo is None or abs((now - sent).total_seconds()) > MAX_SKEW_SECONDS:
        raise Unauthorized("x-ms-date is more than five minutes off")


def _paths(raw_path: str) -> Iterator[str]:
    yield raw_path
    before, separator, raw_id = raw_path.rpartition("/participants/")
    if separator:
        yield f"{before}{separator}{quote(unquote(raw_id), safe='')}"
