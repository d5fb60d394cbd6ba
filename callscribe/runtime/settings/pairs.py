"""Settings that do not go together, and programs that lack one: each a sentence that says what to change."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from callscribe.runtime.settings.groups import PREFIX, Settings
from callscribe.runtime.settings.values import SocketToken, parts_of_connection_string


class Program(StrEnum):
    """What is started; TOOL only works on the database (`python -m service migrate`, `… keys`)."""

    SERVICE = "service"
    TRANSCRIPT_WS = "transcript_ws"
    ONEBOX = "onebox"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with which setting, and what to do about it."""

    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.name} {self.what}{'' if self.what.endswith('?') else '.'}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A rule over settings; the first of them is the one that a fault names."""

    names: tuple[str, ...]
    programs: frozenset[Program]
    broken: Callable[[Settings], bool]
    says: str


_HTTP = frozenset({Program.SERVICE, Program.ONEBOX})
_SOCKETS = frozenset({Program.TRANSCRIPT_WS, Program.ONEBOX})
_SERVERS = _HTTP | _SOCKETS
_APART = frozenset({Program.SERVICE, Program.TRANSCRIPT_WS})
_ALL = frozenset(Program)
_SHORTEST_SECRET = 16


def faults(settings: Settings, program: Program, known: frozenset[str]) -> Iterator[Fault]:
    """What the rules find; those over a setting in `known`, whose fault is already told, are passed over."""
    for pair in _PAIRS:
        if program in pair.programs and known.isdisjoint(pair.names) and pair.broken(settings):
            yield Fault(PREFIX + pair.names[0].upper(), pair.says)


def _plain(settings: Settings, url: str) -> bool:
    return not settings.development and url.startswith(("http:", "ws:"))


def _acs_endpoint(settings: Settings) -> str:
    return parts_of_connection_string(settings.acs_connection_string)[0] or settings.acs_endpoint


def _unwritable(settings: Settings) -> bool:
    path = settings.database_path
    if path.exists():
        return not (path.is_file() and os.access(path, os.W_OK))
    return not (path.parent.is_dir() and os.access(path.parent, os.W_OK))


_PAIRS = (
    Pair(
        ("redis_url",),
        _APART,
        lambda s: not s.redis_url,
        "is not set, and without it this process cannot tell the other one what it stored. Name a Redis or Valkey, as "
        "redis://127.0.0.1:6379/0, or run both in one process with python -m onebox",
    ),
    Pair(
        ("database_url",),
        _ALL,
        _unwritable,
        "names a file that cannot be written. Make its folder, or name another file",
    ),
    Pair(
        ("ws_port", "port", "host", "ws_host"),
        frozenset({Program.ONEBOX}),
        lambda s: s.port == s.ws_port,
        "is also CALLSCRIBE_PORT. Give the two servers different ports",
    ),
    Pair(
        ("public_url", "development"),
        _HTTP,
        lambda s: not s.public_url,
        "is not set, so ACS cannot be told where its callbacks go. Set it to the service's https address",
    ),
    Pair(
        ("public_url", "development"),
        _HTTP,
        lambda s: _plain(s, s.public_url),
        "is not https, and ACS sends callbacks to https only. Write https://…, or set CALLSCRIBE_DEVELOPMENT=true on "
        "your own machine",
    ),
    Pair(
        ("public_ws_url", "development"),
        _HTTP,
        lambda s: not s.public_ws_url,
        "is not set, so ACS cannot be told where its words go. Set it to the transcript server's wss address",
    ),
    Pair(
        ("public_ws_url", "development"),
        _HTTP,
        lambda s: _plain(s, s.public_ws_url),
        "is not wss, and ACS opens wss sockets only. Write wss://…, or set CALLSCRIBE_DEVELOPMENT=true on your own "
        "machine",
    ),
    Pair(
        ("acs_connection_string", "acs_endpoint"),
        _HTTP,
        lambda s: not s.acs_connection_string and not s.acs_endpoint,
        "is not set, nor is CALLSCRIBE_ACS_ENDPOINT. Name the ACS resource, or run make dev for one on your machine",
    ),
    Pair(
        ("acs_connection_string", "acs_endpoint", "acs_access_key"),
        _HTTP,
        lambda s: bool(s.acs_connection_string and (s.acs_endpoint or s.acs_access_key)),
        "is set beside CALLSCRIBE_ACS_ENDPOINT or CALLSCRIBE_ACS_ACCESS_KEY. Keep the one or the other",
    ),
    Pair(
        ("acs_access_key", "acs_endpoint", "acs_connection_string"),
        _HTTP,
        lambda s: bool(s.acs_access_key and not s.acs_endpoint and not s.acs_connection_string),
        "is set without its endpoint. Set CALLSCRIBE_ACS_ENDPOINT",
    ),
    Pair(
        ("acs_endpoint", "acs_connection_string", "development"),
        _HTTP,
        lambda s: _plain(s, _acs_endpoint(s)),
        "is plain http, which only the emulator speaks. Write https://…, or set CALLSCRIBE_DEVELOPMENT=true on your own "
        "machine",
    ),
    Pair(
        ("acs_endpoint", "acs_access_key", "acs_connection_string", "development"),
        _HTTP,
        lambda s: s.development and s.acs_endpoint.startswith("http:") and not s.acs_access_key,
        "is plain http, over which azure-identity sends no token. Set CALLSCRIBE_ACS_ACCESS_KEY as well",
    ),
    Pair(
        ("acs_keys_url", "development"),
        _SERVERS,
        lambda s: _plain(s, s.acs_keys_url),
        "is plain http, so anybody on the way could sign for ACS. Write https://…",
    ),
    Pair(
        ("acs_resource_id", "development"),
        _HTTP,
        lambda s: not s.acs_resource_id and not s.development,
        "is not set, and ACS's callbacks cannot be verified without it. Copy the immutable resource id from the "
        "resource's properties",
    ),
    Pair(
        ("acs_resource_id", "socket_token"),
        _SOCKETS,
        lambda s: not s.acs_resource_id and s.socket_token is not SocketToken.OFF,
        "is not set, and the tokens of transcript sockets cannot be verified without it. Copy the immutable resource "
        "id from the resource's properties, or in development set CALLSCRIBE_SOCKET_TOKEN=off",
    ),
    Pair(
        ("socket_token", "development"),
        _SOCKETS,
        lambda s: s.socket_token is SocketToken.OFF and not s.development,
        "is off, which is for development. Set it to if-present or required",
    ),
    Pair(
        ("cognitive_services_endpoint",),
        _HTTP,
        lambda s: not s.cognitive_services_endpoint,
        "is not set, and ACS transcribes nothing without it (8522). Name an Azure AI services resource that the ACS "
        "resource's identity may use",
    ),
    Pair(
        ("retry_first_seconds", "retry_longest_seconds"),
        _HTTP,
        lambda s: s.retry_first_seconds > s.retry_longest_seconds,
        "is longer than CALLSCRIBE_RETRY_LONGEST_SECONDS. Make the first wait the shorter one",
    ),
    Pair(
        ("event_grid_secret", "event_grid_tenant_id", "event_grid_audience", "development"),
        _HTTP,
        lambda s: (
            not (s.development or s.event_grid_secret or s.event_grid_tenant_id or s.event_grid_audience)
        ),
        "is not set, nor is CALLSCRIBE_EVENT_GRID_TENANT_ID, so anybody could send calls. Set the secret, or the Entra "
        "tenant and audience of the subscription",
    ),
    Pair(
        ("event_grid_secret", "development"),
        _HTTP,
        lambda s: not s.development and 0 < len(s.event_grid_secret) < _SHORTEST_SECRET,
        f"is shorter than {_SHORTEST_SECRET} characters, and could be guessed. Make one with openssl rand -hex 32",
    ),
    Pair(
        ("event_grid_tenant_id", "event_grid_audience"),
        _HTTP,
        lambda s: bool(s.event_grid_tenant_id) != bool(s.event_grid_audience),
        "and CALLSCRIBE_EVENT_GRID_AUDIENCE go together. Set both or neither",
    ),
    Pair(
        ("api_tenant_id", "api_audience"),
        _HTTP,
        lambda s: bool(s.api_tenant_id) != bool(s.api_audience),
        "and CALLSCRIBE_API_AUDIENCE go together. Set both or neither",
    ),
    Pair(
        ("webhook_secret", "webhook_url"),
        _HTTP,
        lambda s: bool(s.webhook_secret) != bool(s.webhook_url),
        "and CALLSCRIBE_WEBHOOK_URL go together. Set both or neither",
    ),
    Pair(
        ("webhook_url", "development"),
        _HTTP,
        lambda s: _plain(s, s.webhook_url),
        "is plain http, and transcripts leave this service encrypted only. Write https://…",
    ),
    Pair(
        ("event_grid_topic_endpoint", "event_grid_topic_key"),
        _HTTP,
        lambda s: bool(s.event_grid_topic_key and not s.event_grid_topic_endpoint),
        "is not set although its key is. Set it, or take CALLSCRIBE_EVENT_GRID_TOPIC_KEY away",
    ),
    Pair(
        ("event_grid_topic_endpoint", "development"),
        _HTTP,
        lambda s: _plain(s, s.event_grid_topic_endpoint),
        "is plain http, and transcripts leave this service encrypted only. Write https://…",
    ),
)
