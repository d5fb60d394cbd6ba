"""Errors of a call's state: the request is right, but the call is in the wrong state for it."""

from callscribe.domain.errors.tree import CallscribeError, Fixer


class CallConflict(CallscribeError):
    """The call's present state does not allow the request."""

    status = 409
    retryable = False
    fixer = Fixer.CALLER


class OperationInFlight(CallConflict):
    """Another start, update-locale or stop of this call is not settled yet; each call has one at a time."""

    code = "operation-in-flight"
    title = "Another operation is in flight"
    retryable = True
    fixer = Fixer.NOBODY
    cause = "ACS has not yet reported how the previous operation ended."
    remedy = "Wait until GET /v1/calls/{id}/transcription shows no operation, then ask again."


class CallNotConnected(CallConflict):
    """The call is still being set up."""

    code = "call-not-connected"
    title = "The call is not connected yet"
    retryable = True
    fixer = Fixer.NOBODY
    cause = "Nobody has answered yet, or ACS has not yet reported that somebody did."
    remedy = "Wait until the call's state is `connected`, then ask again."


class CallEnded(CallConflict):
    """The call is over; only its record can be read."""

    code = "call-ended"
    title = "The call has ended"
    fixer = Fixer.NOBODY
    cause = "The request needs a live call, and this one has ended."
    remedy = "Read the call and its transcript, or place a new call."


class AlreadyTranscribing(CallConflict):
    """A start names another locale than the one in which the call is being transcribed."""

    code = "already-transcribing"
    title = "The call is being transcribed in another locale"
    cause = "Transcription is already running, so a start cannot change its locale."
    remedy = "Use POST /v1/calls/{id}/transcription/update-locale."


class NotTranscribing(CallConflict):
    """Update-locale needs a running transcription, and none runs."""

    code = "not-transcribing"
    title = "The call is not being transcribed"
    cause = "Transcription has not been started, has been stopped, or has failed."
    remedy = "Start transcription with the locale you want."


class TranscriptNotOurs(CallConflict):
    """Another system set the call up, and gave ACS no address of this service: its words cannot come here."""

    code = "transcript-not-ours"
    title = "The words of this call do not come here"
    cause = "ACS streams a call's words to the `transportUrl` given when the call was set up."
    remedy = (
        "Announce the next call with `expect` in POST /v1/calls and give its `transportUrl` and `callbackUri` "
        "to the system that sets it up, or join this call with `connect` in POST /v1/calls."
    )


class CallSetUpElsewhere(CallConflict):
    """Another system set the call up and controls it; this service can only start and stop its transcription."""

    code = "call-set-up-elsewhere"
    title = "Another system controls this call"
    cause = "Participants, announcements and hanging up belong to the system that set the call up."
    remedy = "Ask that system, or join the call with `connect` in POST /v1/calls."
