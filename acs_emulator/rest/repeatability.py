"""Repeatable requests: what was answered to which `Repeatability-Request-ID`.

Sources: OASIS Repeatable Requests 1.0, https://learn.microsoft.com/rest/api/communication/repeatable-requests (which
tells of e-mail and rooms; that Call Automation does the same is a guess), and captures of createCall. Two guesses more: a
repetition waits for the first request where that is still under way, and an id without `Repeatability-First-Sent` is
taken.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_REMEMBERED = 2_000
TRACKED_SECONDS = 5 * 60


class NotRepeatable(Exception):
    """Headers that cannot be honoured; the message says why."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first request was answered."""

    status: int
    content: bytes
    media_type: str | None


@dataclass(slots=True)
class Remembered:
    """One request; whoever answers it holds the lock."""

    fingerprint: bytes
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer: Answer | None = None


class Repeated:
    """The latest repeatable requests of one emulator."""

    def __init__(self) -> None:
        self._requests: OrderedDict[uuid.UUID, Remembered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._requests)

    def of(
        self, headers: Mapping[str, str], method: str, path: str, body: bytes, now: datetime | None = None
    ) -> Remembered | None:
        """The request's entry, None where it does not ask to be repeatable. Raises NotRepeatable."""
        if "repeatability-request-id" not in headers:
            return None
        request_id = _guid(headers["repeatability-request-id"])
        if "repeatability-first-sent" in headers:
            _check_first_sent(headers["repeatability-first-sent"], now or datetime.now(UTC))
        fingerprint = hashlib.sha256(f"{method}\n{path}\n".encode() + body).digest()
        known = self._requests.setdefault(request_id, Remembered(fingerprint))
        if known.fingerprint != fingerprint:
            raise NotRepeatable(400, "BadRequest", "Repeatability-Request-ID was used for another request.")
        self._forget_the_oldest()
        return known

    def clear(self) -> None:
        """Nothing was ever asked."""
        self._requests.clear()

    def _forget_the_oldest(self) -> None:
        while len(self._requests) > MAX_REMEMBERED:
            self._requests.popitem(last=False)


def _guid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotRepeatable(400, "BadRequest", "Repeatability-Request-ID is not a GUID.") from error


def _check_first_sent(text: str, now: datetime) -> None:
    try:
        sent = parsedate_to_datetime(text)
    except (ValueError, OverflowError) as error:
        raise NotRepeatable(400, "BadRequest", "Repeatability-First-Sent is not a date.") from error
    if sent.tzinfo is None:
        sent = sent.replace(tzinfo=UTC)
    if (now - sent).total_seconds() > TRACKED_SECONDS:
        message = "Repeatability-First-Sent is more than five minutes ago."
        raise NotRepeatable(412, "PreconditionFailed", message)
