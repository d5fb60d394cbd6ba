"""Log lines: a fixed sentence plus fields, as JSON where a machine reads them and readable in a terminal.

Nothing that identifies a person, nothing that was said and no secret is logged: fields that are named as such are
dropped, and what looks like a capability, a token or a phone number inside a text is replaced.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# fmt: off
SECRET = frozenset({
    "access_key", "accesskey", "api_key", "apikey", "authorization", "connection_string", "cookie", "key",
    "password", "secret", "signature", "token",
})
"""Fields that are never logged."""
PERSONAL = frozenset({
    "body", "caller", "display_name", "from", "from_", "from_id", "metadata", "packet", "participant", "participants",
    "payload", "phone", "phone_number", "raw_id", "source_caller_id", "speaker", "target", "targets", "text", "to",
    "transcript", "utterance", "words",
})
"""Fields that are logged only when their value is marked with `Shown`."""
# fmt: on

_SCRUBBED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(/transcripts/|/azure/callbacks/)[^\s/?#\"'<>]+"), r"\1…"),
    (re.compile(r"(?i)\b(bearer|sharedkey|hmac-sha256)\s+[^\s\"',]+"), r"\1 …"),
    (re.compile(r"\bcallscribe_[A-Za-z0-9_-]{16,}"), "callscribe_…"),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+"), "whsec_…"),
    (re.compile(r"(?i)\b(accesskey|secret|code|token|sig|key)=[^\s&;\"']+"), r"\1=…"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "…"),
    (re.compile(r"\+\d{6,15}(?!\d)"), "+…"),
)
_QUIET = (
    "alembic",
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "websockets",
    "azure",
    "httpx",
    "httpcore",
    "aiosqlite",
)
"""Libraries whose chatter would tell paths, headers or frames, or what nobody asked for: WARNING and above only, whatever our level."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Marks a personal value that has to be in the log, such as the caller in an abuse report."""

    value: object


def configure(form: str = "auto", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Route structlog's and the standard library's loggers to one stream, by default standard output.

    `form` is `json`, `console`, or `auto`: `console` where the stream is a terminal.
    """
    out = sys.stdout if stream is None else stream
    readable = form == "console" or (form == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                _sentence_first,
                _renderer(readable),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(logging.WARNING, root.level))


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Adds fields, such as `call_id`, to every line that is logged inside."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def redact(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """The line without secrets and unmarked personal data, in fields within fields as well."""
    return dict(_fields(line))


def scrub(text: str) -> str:
    """The text without capabilities, tokens, keys and phone numbers."""
    for pattern, replacement in _SCRUBBED:
        text = pattern.sub(replacement, text)
    return text


def _renderer(readable: bool) -> Processor:
    if readable:
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _sentence_first(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    first = {name: line[name] for name in ("timestamp", "level", "event") if name in line}
    return {**first, **line}


def _fields(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        plain = name.lower().replace("-", "_")
        if plain in SECRET or (plain in PERSONAL and not isinstance(value, Shown)):
            continue
        yield name, value.value if isinstance(value, Shown) else _clean(value)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return dict(_fields(value))
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrub(str(value))
