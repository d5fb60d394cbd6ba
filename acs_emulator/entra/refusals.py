"""What Entra refuses, in its words.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes, and responses quoted in public issues.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """An AADSTS code with the status and the OAuth error (RFC 6749, 5.2) that go with it."""

    status: int
    error: str
    code: int
    text: str


MISSING_PARAMETER = Reason(
    400, "invalid_request", 900144, "The request body must contain the following parameter: '{0}'."
)
UNSUPPORTED_GRANT = Reason(
    400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '{0}'."
)
UNKNOWN_TENANT = Reason(
    400,
    "invalid_request",
    90002,
    "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
)
UNKNOWN_CLIENT = Reason(
    400,
    "unauthorized_client",
    700016,
    "Application with identifier '{0}' was not found in the directory '{1}'.",
)
NO_CREDENTIAL = Reason(
    401,
    "invalid_client",
    7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
)
WRONG_SECRET = Reason(
    401,
    "invalid_client",
    7000215,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
    "not the client secret ID, for a secret added to app '{0}'.",
)
WRONG_ASSERTION = Reason(401, "invalid_client", 50027, "JWT token is invalid or malformed.")
STALE_ASSERTION = Reason(
    401, "invalid_client", 700024, "Client assertion is not within its valid time range."
)
WRONG_SCOPE = Reason(
    400,
    "invalid_scope",
    1002012,
    "The provided value for scope {0} is not valid. Client credential flows must have a scope value with "
    "/.default suffixed to the resource identifier (application ID URI).",
)


class EntraRefused(Exception):
    """A request for a token that gets none."""

    def __init__(self, reason: Reason, *facts: str) -> None:
        super().__init__(reason.text.format(*facts))
        self.reason = reason

    def to_json(self, correlation_id: str | None) -> dict[str, object]:
        """The body, with ids of its own."""
        trace_id, correlation_id = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
        timestamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        code = self.reason.code
        return {
            "error": self.reason.error,
            "error_description": (
                f"AADSTS{code}: {self} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
            ),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"https://login.microsoftonline.com/error?code={code}",
        }
