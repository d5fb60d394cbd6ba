"""The forms that a setting's text may have; each function gives the value or says what is wrong and what to write."""

import base64
import re
from enum import StrEnum
from uuid import UUID

import httpx
from redis.asyncio.connection import parse_url

from callscribe.adapters.sql.sqlite import sqlite_path
from callscribe.domain.errors import LocaleError
from callscribe.domain.locale import checked_locale
from callscribe.domain.participants import InvalidIdentifier, raw_id
from callscribe.domain.policy import PolicyFault, parse_policy

_HOST = re.compile(rb"[A-Za-z0-9._:-]+")


class SocketToken(StrEnum):
    """What the transcript socket asks of ACS's token; a wrong one is refused whatever this says, except with `off`."""

    REQUIRED = "required"
    IF_PRESENT = "if-present"
    OFF = "off"


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def http_url(text: str) -> str:
    """An `http` or `https` URL without its last slash."""
    return _url(text, ("http", "https"), "https://calls.example.com")


def http_urls(text: str) -> str:
    """`http` or `https` URLs between commas, each without its last slash and once."""
    urls = [http_url(part.strip()) for part in text.split(",") if part.strip()]
    return ",".join(dict.fromkeys(urls))


def ws_url(text: str) -> str:
    """A `ws` or `wss` URL without its last slash."""
    return _url(text, ("ws", "wss"), "wss://calls.example.com")


def host(text: str) -> str:
    """A host name or an IP address."""
    if not _HOST.fullmatch(text.encode()):
        raise ValueError("is no host name and no IP address. Write one such as 127.0.0.1 or 0.0.0.0")
    return text


def redis_url(text: str) -> str:
    if not text.startswith("unix:///"):
        text = _url(text, ("redis", "rediss"), "redis://127.0.0.1:6379/0", userinfo=True)
    try:
        parse_url(text)
    except ValueError as fault:
        raise ValueError(
            "has a query that redis-py cannot read. Write it as redis-py documents it"
        ) from fault
    return text


def database_url(text: str) -> str:
    """A `sqlite:///` URL of a file."""
    if sqlite_path(text) is None:
        raise ValueError(
            "is no SQLite file. Write sqlite:///callscribe.sqlite3 (relative) or sqlite:////var/lib/callscribe.sqlite3"
        )
    return text


def connection_string(text: str) -> str:
    """A connection string of the two parts that are used, each checked."""
    endpoint, key = parts_of_connection_string(text)
    if not endpoint or not key:
        raise ValueError(
            "lacks its endpoint or key. Write endpoint=https://….communication.azure.com/;accesskey=…"
        )
    try:
        return f"endpoint={http_url(endpoint)};accesskey={access_key(key)}"
    except ValueError as fault:
        raise ValueError(f"holds an endpoint or a key that {fault}") from fault


def parts_of_connection_string(text: str) -> tuple[str, str]:
    """Endpoint and access key, each empty where the text has none; keys are read in any case, as the SDK does."""
    parts = (part.partition("=") for part in text.split(";"))
    found = {name.strip().lower(): value.strip() for name, _, value in parts}
    return found.get("endpoint", "").rstrip("/"), found.get("accesskey", "")


def access_key(text: str) -> str:
    """A key of an ACS resource, with which its requests are signed."""
    if not _base64(text):
        raise ValueError("is no access key, which is base64. Copy one of the resource's keys")
    return text


def guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as fault:
        raise ValueError("is no GUID. Write one such as 7b2f5a0e-6c1d-4e53-9a2b-0c4d8e6f1a35") from fault


def locale(text: str) -> str:
    """The locale in canonical form."""
    try:
        return checked_locale(text)
    except LocaleError as fault:
        raise ValueError(f"cannot be used: {fault.detail}. Write one such as en-US or de-DE") from fault


def policy(text: str) -> str:
    try:
        parse_policy(text)
    except PolicyFault as fault:
        raise ValueError(
            f'cannot be read: {fault}. Write rules such as [{{"to": "+18005550100"}}]'
        ) from fault
    return text


def raw_ids(text: str) -> str:
    """Numbers or raw ids between commas, as raw ids between commas."""
    try:
        return ",".join(raw_id(part.strip()) for part in text.split(",") if part.strip())
    except InvalidIdentifier as fault:
        raise ValueError(
            f"names a party that cannot be called: {fault}. Write +18005550100,+18005550101"
        ) from fault


def webhook_secret(text: str) -> str:
    """A secret of Standard Webhooks 1.0.0."""
    if not text.startswith("whsec_") or not 24 <= len(_base64(text.removeprefix("whsec_"))) <= 64:
        raise ValueError(
            "is no Standard Webhooks secret. Write whsec_ and the base64 of 24 to 64 random bytes"
        )
    return text


def _base64(text: str) -> bytes:
    """What the text stands for; nothing where it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _url(text: str, schemes: tuple[str, ...], example: str, *, userinfo: bool = False) -> str:
    """The URL with its scheme in lower case, read as the HTTP client will read it."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    port_fits = url.port is None or 0 < url.port <= 65535
    if url.scheme not in schemes or not _HOST.fullmatch(url.raw_host) or not port_fits:
        raise ValueError(f"is no {' or '.join(schemes)} URL. Write one such as {example}")
    if url.userinfo and not userinfo:
        raise ValueError(f"holds a user name, which nobody asks for. Write it as in {example}")
    return (url.scheme + text[len(url.scheme) :]).rstrip("/")
