"""The root of all errors a client can see, and the facts that each carries."""

from enum import StrEnum
from typing import ClassVar

import msgspec


class Fixer(StrEnum):
    """Who can remove the cause of an error."""

    CALLER = "caller"
    """Whoever sent the request."""
    OPERATOR = "operator"
    """Whoever runs this service and holds its settings."""
    AZURE_ADMIN = "azure-admin"
    """Whoever administers the Azure subscription."""
    MICROSOFT = "microsoft"
    NOBODY = "nobody"
    """Nothing is broken: the moment has passed, or will come."""


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one part of a request body."""

    pointer: str
    """JSON Pointer (RFC 6901) to the part, such as `/targets/0`; empty for the whole body."""
    detail: str


class CallscribeError(Exception):
    """Parent of every error that a client can see.

    A class that has a `code` of its own can be raised; one without only gathers a branch. `retryable` promises
    that the same request may succeed later although nobody changed anything.

    Title and detail are parts of a sentence, since they are shown as "title: detail. remedy": neither has a full
    stop at its end, and a detail begins in lower case unless with a name. Cause and remedy are whole sentences.
    """

    code: ClassVar[str]
    """Stable kebab-case name, unique in the tree."""
    status: ClassVar[int]
    """The HTTP status with which a client is answered."""
    title: ClassVar[str]
    retryable: ClassVar[bool]
    fixer: ClassVar[Fixer]
    cause: ClassVar[str]
    remedy: ClassVar[str]

    detail: str
    """What happened this time."""
    retry_after: float | None
    """Seconds to wait before the next try, where they are known."""
    errors: tuple[FieldError, ...]

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after: float | None = None,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        self.detail = detail or self.title
        self.retry_after = retry_after
        self.errors = errors
        super().__init__(self.detail)
