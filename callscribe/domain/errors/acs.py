"""Errors of ACS over HTTP: what our own requests to Azure Communication Services met.

The client's status says who is at fault, so it is not simply ACS's: its 401 is about our credentials, not the
client's, and becomes 502.
"""

from callscribe.domain.errors.tree import CallscribeError, Fixer


class AcsError(CallscribeError):
    """ACS refused a request of ours, or did not answer it."""

    retryable = False

    http_status: int | None
    """ACS's own status; None where no answer came, or none that can be read."""
    error_code: str | None
    """ACS's `error.code`, a string even where it is a number."""
    message: str

    def __init__(
        self, http_status: int | None, error_code: str | None, message: str, retry_after: float | None = None
    ) -> None:
        self.http_status = http_status
        self.error_code = error_code
        self.message = message
        code = f" ({error_code})" if error_code else ""
        answer = (
            message if http_status is None else f"ACS answered {http_status}{code}: {message or self.title}"
        )
        super().__init__(answer, retry_after=retry_after)


class AcsUnauthorized(AcsError):
    """ACS does not accept our credentials (401). 502: the client's own credentials are fine."""

    code = "acs-unauthorized"
    status = 502
    title = "ACS does not accept this service's credentials"
    fixer = Fixer.OPERATOR
    cause = "The access key was changed, this machine's clock is wrong by minutes, or ACS does not know the identity."
    remedy = "Check the connection string or identity in the settings, and the clock."


class AcsForbidden(AcsError):
    """ACS knows us, but does not allow the request (403). 502: the client's own scopes are fine."""

    code = "acs-forbidden"
    status = 502
    title = "ACS does not allow this request"
    fixer = Fixer.AZURE_ADMIN
    cause = (
        "The service's identity lacks a role on the ACS resource, or the resource may not use this feature."
    )
    remedy = "Give the identity the role that Call Automation needs, and check the resource's subscription."


class AcsNotFound(AcsError):
    """ACS does not know what the request names (404)."""

    code = "acs-not-found"
    status = 404
    title = "ACS cannot find what the request names"
    fixer = Fixer.CALLER
    cause = "What the request names, such as a participant, does not exist or no longer does."
    remedy = "Read the call again and use the ids it shows."


class AcsCallNotFound(AcsNotFound):
    """ACS has no such call (404 with code "8522"): it has ended, or belongs to another resource."""

    code = "acs-call-not-found"
    title = "ACS has no such call"
    fixer = Fixer.NOBODY
    cause = "The call has ended, or its `callConnectionId` belongs to another ACS resource."
    remedy = "Read the call with GET /v1/calls/{id}; a call of another resource is known only to the service that uses it."


class AcsConflict(AcsError):
    """ACS is busy with something that excludes the request (409)."""

    code = "acs-conflict"
    status = 409
    title = "ACS reports a conflict"
    retryable = True
    fixer = Fixer.NOBODY
    cause = "Another operation on the call has not ended, or the call has just changed."
    remedy = "Read the call again, then ask again."


class AcsPreconditionFailed(AcsError):
    """The call is not in the state that the request needs (412).

    409: towards our client 412 would speak of its own If-Match headers.
    """

    code = "acs-precondition-failed"
    status = 409
    title = "ACS needs the call in another state"
    retryable = True
    fixer = Fixer.NOBODY
    cause = "The call is not connected yet, or no longer is."
    remedy = "Wait until the call's state is `connected`, then ask again."


class AcsBadRequest(AcsError):
    """ACS refuses the request as wrong (400 and every other 4xx).

    502: the client's request passed all our checks, and what ACS dislikes may as well be a setting of ours.
    """

    code = "acs-bad-request"
    status = 502
    title = "ACS refuses the request"
    fixer = Fixer.OPERATOR
    cause = "A value that only ACS can check is wrong, such as a caller id that the resource does not own, or a URL."
    remedy = "Read ACS's message in the detail; check the caller id and the public URLs in the settings."


class AcsThrottled(AcsError):
    """ACS accepts no more requests for now (429). 503 with Retry-After: the limit is ours, not the client's."""

    code = "acs-throttled"
    status = 503
    title = "ACS accepts no more requests for now"
    retryable = True
    fixer = Fixer.AZURE_ADMIN
    cause = "The resource has reached a rate or concurrency limit of ACS."
    remedy = "Wait as many seconds as Retry-After says; if it persists, ask Microsoft for a higher limit."


class AcsUnavailable(AcsError):
    """ACS failed (5xx), or gave an answer that cannot be read."""

    code = "acs-unavailable"
    status = 502
    title = "ACS is unavailable"
    retryable = True
    fixer = Fixer.MICROSOFT
    cause = "A fault inside Azure Communication Services."
    remedy = "Try again in a minute; if it persists, look at Azure's status page."


class AcsNoAnswer(AcsError):
    """No connection to ACS, or no answer in time: whether it did what we asked is unknown."""

    code = "acs-no-answer"
    status = 504
    title = "ACS does not answer"
    retryable = True
    fixer = Fixer.OPERATOR
    cause = "The endpoint is wrong, the network or a proxy blocks it, or ACS is slow."
    remedy = "Read the call before asking again; check the endpoint in the settings, and that the network lets requests out."
