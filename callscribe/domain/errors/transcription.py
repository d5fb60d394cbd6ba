"""TranscriptionFailed, typed: one class for each row that Microsoft documents.

A class directly below TranscriptionFailed stands for one pair (code, subCode); where several documented rows
share the pair, each has a subclass, and the class of the pair means "one of these, in words we do not know".
Statuses: 409 where the call's set-up or state is at fault, 422 for a value that the client chose, 502 to 504 for
what happened behind us. The file is long because it is one table.
Source: Microsoft's real-time transcription tutorial, event codes.
"""

from typing import ClassVar

from callscribe.domain.errors.tree import CallscribeError, Fixer


class TranscriptionFailed(CallscribeError):
    """ACS reported that transcription failed."""

    status = 502
    retryable = False
    fixer = Fixer.OPERATOR

    acs_code: int
    """On a class: the documented code. On an instance: the code that came."""
    sub_code: int
    message: str
    """ACS's message, as it came."""
    status_details: str | None
    """ACS's `transcriptionStatusDetails`, as they came."""
    wordings: ClassVar[tuple[str, ...]] = ()
    """The documented message, then other wordings of it; empty where rows below share the pair."""

    def __init__(self, acs_code: int, sub_code: int, message: str, status_details: str | None = None) -> None:
        self.acs_code = acs_code
        self.sub_code = sub_code
        self.message = message
        self.status_details = status_details
        details = f" ({status_details})" if status_details else ""
        super().__init__(f"ACS reported {acs_code}/{sub_code}{details}: {message or self.title}")


class UnknownTranscriptionFailure(TranscriptionFailed):
    """A failure that Microsoft does not document; code, subCode and message are kept as they came."""

    code = "unknown-transcription-failure"
    title = "Transcription failed for an unknown reason"
    fixer = Fixer.MICROSOFT
    cause = "ACS reported a kind of failure that this version does not know."
    remedy = "Read ACS's message in the detail; report code and subCode to Microsoft's support."


class TransportUrlUnusable(TranscriptionFailed):
    """ACS could not use the WebSocket address that it was given (400/8581)."""

    code = "transport-url-unusable"
    title = "ACS cannot use the WebSocket address"
    retryable = True
    acs_code = 400
    sub_code = 8581
    cause = "CALLSCRIBE_PUBLIC_WS_URL is wrong, or the transcript server was not reachable through it."
    remedy = (
        "Check that the transcript server runs and that its address is reachable from the internet by wss."
    )


class TransportUrlInvalid(TransportUrlUnusable):
    """ACS does not accept the address as a WebSocket URL."""

    code = "transport-url-invalid"
    title = "The WebSocket address is not valid"
    wordings = ("Action failed, StreamUrl isn't valid.",)
    cause = "The address is no absolute wss URL, or the transcript server was not reachable through it."
    remedy = "Set CALLSCRIBE_PUBLIC_WS_URL to the wss address under which the internet reaches the transcript server."


class TransportUrlNotOperational(TransportUrlUnusable):
    """ACS found no working WebSocket server behind the address."""

    code = "transport-url-not-operational"
    title = "No WebSocket server answers at the address"
    wordings = ("Action failed, Transport url is not valid or web socket server is not operational.",)
    cause = "The transcript server was down or restarting, refused the upgrade, or is behind a proxy without WebSockets."
    remedy = "Look at the transcript server's log, and at its /readyz from outside; check proxy, certificate and firewall."


class SpeechRequestFailed(TranscriptionFailed):
    """The AI service that recognises speech refused or missed ACS's request (400/8565)."""

    code = "speech-request-failed"
    title = "The AI service failed"
    acs_code = 400
    sub_code = 8565
    cause = "The AI service refused the request, or did not answer ACS in time."
    remedy = "Check locale, custom model and AI endpoint; look at the AI service in the Azure portal."


class SpeechBadRequest(SpeechRequestFailed):
    """The AI service rejects the request as wrong."""

    code = "speech-bad-request"
    title = "The AI service rejects the request"
    wordings = ("Action failed due to a bad request to Cognitive Services. Check your input parameters.",)
    cause = "The locale is not one it recognises, or the custom model's id is not one of its own."
    remedy = "Check the locale against Azure's speech-to-text list, and `speechModelEndpointId` against the AI service."


class SpeechTimeout(SpeechRequestFailed):
    """The AI service did not answer ACS in time."""

    code = "speech-timeout"
    status = 504
    title = "The AI service did not answer in time"
    retryable = True
    fixer = Fixer.MICROSOFT
    wordings = (
        "Action failed due to a request to Cognitive Services timing out. "
        "Try again later or check for any issues with the service.",
    )
    cause = "The AI service is slow or unavailable."
    remedy = "Start transcription again; if it persists, look at the AI service's health in the Azure portal."


class SpeechUnauthorized(TranscriptionFailed):
    """The AI service does not accept ACS's identity (401/8565)."""

    code = "speech-unauthorized"
    title = "The AI service does not accept ACS's identity"
    fixer = Fixer.AZURE_ADMIN
    acs_code = 401
    sub_code = 8565
    wordings = (
        "Action failed due to a Cognitive Services authentication error. "
        "Check your authorization input and ensure it's correct.",
    )
    cause = "The ACS resource's managed identity has no role on the AI service."
    remedy = "Give the ACS resource's managed identity the role Cognitive Services User on the AI service."


class SpeechForbidden(TranscriptionFailed):
    """The AI service forbids the request (403/8565)."""

    code = "speech-forbidden"
    title = "The AI service forbids the request"
    fixer = Fixer.AZURE_ADMIN
    acs_code = 403
    sub_code = 8565
    wordings = (
        "Action failed due to a forbidden request to Cognitive Services. "
        "Check your subscription status and ensure it's active.",
    )
    cause = "The subscription is disabled, or a firewall on the AI service keeps ACS out."
    remedy = "Check the subscription's state and the AI service's network rules."


class SpeechConcurrencyExceeded(TranscriptionFailed):
    """The AI service recognises as many streams at once as its quota allows (429/8565)."""

    code = "speech-concurrency-exceeded"
    status = 503
    title = "Too many transcriptions at once"
    retryable = True
    fixer = Fixer.AZURE_ADMIN
    acs_code = 429
    sub_code = 8565
    wordings = (
        "Action failed, requests exceeded the number of allowed concurrent requests "
        "for the cognitive services subscription.",
    )
    cause = "The AI service's quota of concurrent requests is used up."
    remedy = (
        "Start transcription again when other calls have ended; ask for a higher quota in the Azure portal."
    )


class SpeechModelUnsupported(TranscriptionFailed):
    """Custom speech models are not supported for this transcription (400/8605)."""

    code = "speech-model-unsupported"
    status = 422
    title = "The custom speech model is not supported"
    fixer = Fixer.CALLER
    acs_code = 400
    sub_code = 8605
    wordings = ("Custom speech recognition model for Transcription is not supported.",)
    cause = "A custom model was asked for where ACS offers none."
    remedy = "Leave out `speechModelEndpointId`."


class LocaleRejected(TranscriptionFailed):
    """ACS refuses the locale (400/8523)."""

    code = "locale-rejected"
    status = 422
    title = "ACS refuses the locale"
    fixer = Fixer.CALLER
    acs_code = 400
    sub_code = 8523
    cause = "The locale is missing, or is not one that ACS accepts."
    remedy = "Give a locale with its region, such as en-US."


class LocaleMissing(LocaleRejected):
    """ACS got no locale."""

    code = "locale-missing"
    title = "The locale is missing"
    wordings = ("Invalid Request, locale is missing.",)
    cause = "Transcription was set up or started without a locale."
    remedy = "Give a locale, such as en-US."


class LocaleRegionMissing(LocaleRejected):
    """ACS accepts only locales with a region."""

    code = "locale-region-missing"
    title = "The locale lacks its region"
    wordings = (
        "Invalid Request, only locale that contain region information are supported.",
        "Invalid Request, only locales that contain region information are supported.",
    )
    cause = "The locale names a language only."
    remedy = "Add the region: en-US or en-GB rather than en."


class TranscriptionUnsupported(TranscriptionFailed):
    """ACS does not offer the operation on this call (405/8520)."""

    code = "transcription-unsupported"
    status = 409
    title = "ACS does not offer this operation on the call"
    fixer = Fixer.NOBODY
    acs_code = 405
    sub_code = 8520
    cause = "The operation does not exist for this kind of call, or is switched off for now."
    remedy = "Read ACS's message in the detail; to change the locale, stop transcription and start it again."


class TranscriptionUnsupportedNow(TranscriptionUnsupported):
    """ACS does not offer transcription on this call at this time."""

    code = "transcription-unsupported-now"
    title = "Transcription is not supported at this time"
    fixer = Fixer.MICROSOFT
    wordings = ("Transcription functionality is not supported at this time.",)
    cause = "ACS has switched transcription off for this kind of call, region or resource."
    remedy = "Check in Microsoft's documentation that transcription is offered for this kind of call."


class UpdateUnsupportedOnConnect(TranscriptionUnsupported):
    """ACS does not change the locale of a call that was joined with `connect`."""

    code = "update-unsupported-on-connect"
    title = "The locale of a joined call cannot be updated"
    wordings = ("UpdateTranscription is not supported for connection created with Connect interface.",)
    cause = "The call was joined with `connect`."
    remedy = "Stop transcription and start it with the new locale."


class UpdateUnsupportedNow(TranscriptionUnsupported):
    """ACS does not offer update-locale on this call at this time."""

    code = "update-unsupported-now"
    title = "Updating the locale is not supported at this time"
    fixer = Fixer.MICROSOFT
    wordings = ("Update transcription functionality is not supported at this time.",)
    cause = "ACS has switched updates off for this kind of call, region or resource."
    remedy = "Stop transcription and start it with the new locale."


class TranscriptionNotSetUp(TranscriptionFailed):
    """The call was set up without what transcription needs, and ACS accepts it only at set-up (405/8522)."""

    code = "transcription-not-set-up"
    status = 409
    title = "The call was set up without transcription"
    acs_code = 405
    sub_code = 8522
    cause = "The request that set the call up carried no transcription options or no AI endpoint."
    remedy = "Set both up on the next call; on this one they cannot be added."


class TransportUrlNotSet(TranscriptionNotSetUp):
    """The call was set up without a WebSocket address for its words."""

    code = "transport-url-not-set"
    title = "The call was set up without a WebSocket address"
    wordings = ("Request not allowed when Transcription url not set during call setup.",)
    cause = "The system that set the call up gave ACS no `transportUrl`."
    remedy = "Give that system the `transportUrl` of `expect` in POST /v1/calls, or join with `connect`."


class AiEndpointNotSet(TranscriptionNotSetUp):
    """The call was set up without the endpoint of an AI service."""

    code = "ai-endpoint-not-set"
    title = "The call was set up without an AI endpoint"
    wordings = ("Request not allowed when Cognitive Service Configuration not set during call setup.",)
    cause = "The request that set the call up carried no `cognitiveServicesEndpoint`."
    remedy = "Set CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT, or have the other system give it when it sets the call up."


class CallAlreadyTerminated(TranscriptionFailed):
    """The call was over before ACS carried out the operation (400/8528)."""

    code = "call-already-terminated"
    status = 409
    title = "The call was already over"
    fixer = Fixer.NOBODY
    acs_code = 400
    sub_code = 8528
    wordings = ("Action is invalid, call already terminated.",)
    cause = "The call ended before the operation was carried out."
    remedy = "Read the transcript: nothing more can be transcribed."


class CallNotEstablished(TranscriptionFailed):
    """The call was not established when ACS was to carry out the operation (400/8501)."""

    code = "call-not-established"
    status = 409
    title = "The call is not established"
    fixer = Fixer.NOBODY
    acs_code = 400
    sub_code = 8501
    wordings = ("Action is invalid when call is not in Established state.",)
    cause = "The operation came before the call was connected, or while it was ending."
    remedy = "Wait until the call's state is `connected`, then start again."


class WebSocketNotOpened(TranscriptionFailed):
    """ACS could not open the WebSocket to the transcript server (500/8578)."""

    code = "websocket-not-opened"
    title = "ACS could not open the WebSocket"
    retryable = True
    acs_code = 500
    sub_code = 8578
    wordings = ("Action failed, not able to establish WebSocket connection.",)
    cause = "The transcript server was down, refused the upgrade, or the network between failed."
    remedy = "Start transcription again; if it persists, look at the transcript server's log, and at its /readyz from outside."


class TranscriptionCanceled(TranscriptionFailed):
    """ACS canceled the transcription (500/8579)."""

    code = "transcription-canceled"
    title = "Transcription was canceled"
    retryable = True
    fixer = Fixer.MICROSOFT
    acs_code = 500
    sub_code = 8579
    wordings = ("Action failed, transcription was canceled.",)
    cause = "ACS or the AI service broke off the recognition."
    remedy = "Start transcription again."


class TranscriptionShutDown(TranscriptionFailed):
    """ACS's transcription service was shut down during the call (500/8580)."""

    code = "transcription-shut-down"
    title = "The transcription service was shut down"
    retryable = True
    fixer = Fixer.MICROSOFT
    acs_code = 500
    sub_code = 8580
    wordings = ("Action failed, transcription service was shut down.",)
    cause = "ACS stopped the part of its service that handled this call."
    remedy = "Start transcription again."


class TranscriptionInternalError(TranscriptionFailed):
    """ACS failed without saying why (500/9999)."""

    code = "transcription-internal-error"
    title = "Internal error of ACS"
    retryable = True
    fixer = Fixer.MICROSOFT
    acs_code = 500
    sub_code = 9999
    wordings = ("Unknown internal server error.",)
    cause = "A fault inside Azure Communication Services."
    remedy = "Start transcription again; if it persists, report the call's ids to Microsoft's support."
