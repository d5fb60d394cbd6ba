"""Errors of this service: what it needs is missing, or it has too much to do."""

from callscribe.domain.errors.tree import CallscribeError, Fixer


class ServiceError(CallscribeError):
    """The request is right, but the service cannot serve it now."""

    status = 503
    retryable = True
    fixer = Fixer.OPERATOR


class Internal(ServiceError):
    """Something happened that the program did not foresee; it is logged under the request's id."""

    code = "internal"
    status = 500
    title = "Internal error"
    retryable = False
    cause = "A defect of this service."
    remedy = "Give the request's id to the operator, who finds the cause in the log under it."


class NotConfigured(ServiceError):
    """A setting is missing, or has a value that this version cannot use; the program does not start.

    500, not 503: it does not pass by itself.
    """

    code = "not-configured"
    status = 500
    title = "A setting cannot be used"
    retryable = False
    cause = "The setting that the detail names is missing, or has a value that this version does not support."
    remedy = "Correct the setting that the detail names, and start the program again."


class StoreUnavailable(ServiceError):
    """The database cannot be read or written now; nothing was changed."""

    code = "store-unavailable"
    title = "The database is unavailable"
    cause = "The database is down, unreachable, locked or full."
    remedy = "Try again in a few seconds; if it persists, look at the database and its disk."


class DatabaseNotMigrated(StoreUnavailable):
    """The database lacks the tables of this version; the program does not start."""

    code = "database-not-migrated"
    title = "The database is not ready for this version"
    retryable = False
    cause = "The database is missing or new, or was last used by an older version."
    remedy = "Run `python -m service migrate`."


class SigningKeysUnavailable(ServiceError):
    """Whether a token is good cannot be told now: its issuer's keys cannot be fetched, and none are kept."""

    code = "signing-keys-unavailable"
    title = "A token cannot be checked now"
    cause = "The issuer's key set does not answer, or this service cannot reach it."
    remedy = (
        "Try again in a few seconds; if it persists, see whether the key set's URL can be reached from here."
    )


class Overloaded(ServiceError):
    """The service holds as much work as it may; nothing was changed."""

    code = "overloaded"
    title = "The service is overloaded"
    cause = "More comes in than can be processed, and the bounded queues are full."
    remedy = "Try again in a few seconds, or as Retry-After says; if it persists, add capacity."


class ShuttingDown(ServiceError):
    """The service is stopping and accepts nothing new."""

    code = "shutting-down"
    title = "The service is shutting down"
    fixer = Fixer.NOBODY
    cause = "The process was asked to stop, as it is on every update."
    remedy = "Try again in a few seconds: by then it has started again, or another process answers."


class OperationTimedOut(ServiceError):
    """ACS accepted an operation, but sent no event about it in time."""

    code = "operation-timed-out"
    status = 504
    title = "ACS did not report how the operation ended"
    cause = "The event was lost, is late, or could not reach CALLSCRIBE_PUBLIC_URL."
    remedy = "Read the call's transcription, then ask again; if it persists, check that ACS reaches the public URL."


class StreamLost(ServiceError):
    """The stream of words broke off, and ACS did not restore it in time."""

    code = "stream-lost"
    status = 504
    title = "The stream of words broke off"
    cause = (
        "The socket between ACS and the transcript server was lost, and ACS did not open it again in time."
    )
    remedy = (
        "Transcription is started again by itself until its budget is spent; then start it by hand. If it persists, "
        "look at the transcript server's log, and at its /readyz from outside."
    )
