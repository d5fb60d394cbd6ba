"""Errors of a request itself: what was sent, by whom, and how often. Nothing was changed by it."""

from callscribe.domain.errors.tree import CallscribeError, Fixer


class RequestError(CallscribeError):
    """A request was refused before anything was done."""

    retryable = False
    fixer = Fixer.CALLER


class MalformedBody(RequestError):
    """The body cannot be read: it is not JSON, or not in the encoding that its headers say."""

    code = "malformed-body"
    status = 400
    title = "The body cannot be read"
    cause = "The body is empty, cut short, or not valid JSON in UTF-8."
    remedy = "Send one complete JSON value in UTF-8."


class MalformedEvent(RequestError):
    """An event from Azure lacks a part it always has, or a part has the wrong type or is too long."""

    code = "malformed-event"
    status = 400
    title = "The event cannot be read"
    cause = "The sender is not Azure, or Azure has changed the shape of this event."
    remedy = "Compare the event, which is kept on the record, with Microsoft's documentation of its type."

    @property
    def reason(self) -> str:
        """What was expected and where; never holds a value from the event."""
        return self.detail


class Unauthorized(RequestError):
    """The request does not say who sends it, or says it wrongly."""

    code = "unauthorized"
    status = 401
    title = "Credentials are missing or wrong"
    cause = "The Authorization header is missing, or its key or token is unknown, revoked or expired."
    remedy = "Send `Authorization: Bearer` with a valid API key or Entra token."


class Forbidden(RequestError):
    """The sender is known, but its key or token lacks the scope that the request needs."""

    code = "forbidden"
    status = 403
    title = "The credentials do not allow this"
    fixer = Fixer.OPERATOR
    cause = "The key or token lacks the scope that this request needs."
    remedy = "Ask the operator for a key with that scope."


class NotFound(RequestError):
    """Nothing is known under this path."""

    code = "not-found"
    status = 404
    title = "Nothing is found at this path"
    cause = "The path is misspelt, or names something that does not exist or is no longer kept."
    remedy = "Compare the path with /openapi.json."


class CallNotFound(NotFound):
    """No call has this id: it is neither one of our call ids nor a `callConnectionId` that we know."""

    code = "call-not-found"
    title = "No such call"
    cause = "The id is misspelt, or belongs to a call of another installation."
    remedy = "List the calls with GET /v1/calls and use an `id` or `callConnectionId` from there."


class ErrorCodeNotFound(NotFound):
    """The catalogue of errors has no such code."""

    code = "error-code-not-found"
    title = "No such error code"
    cause = "The code is misspelt, or belongs to another version."
    remedy = "List all codes with GET /v1/errors."


class KeyNotFound(NotFound):
    """No API key has this id."""

    code = "key-not-found"
    title = "No such API key"
    cause = "The id is misspelt, or names a key of another database."
    remedy = "List the keys with `python -m service keys list`."


class MethodNotAllowed(RequestError):
    """The path exists, but not for this method."""

    code = "method-not-allowed"
    status = 405
    title = "The method is not allowed here"
    cause = "The path does not offer the request's method."
    remedy = "Use one of the methods in the Allow header."


class NotAcceptable(RequestError):
    """None of the media types that the client accepts can be made."""

    code = "not-acceptable"
    status = 406
    title = "No acceptable format"
    cause = "The Accept header or the `format` parameter names only formats that are not offered."
    remedy = "Ask for one of the formats that /openapi.json lists for this path."


class IdempotencyInProgress(RequestError):
    """A request with the same `Idempotency-Key` is still being worked on."""

    code = "idempotency-in-progress"
    status = 409
    title = "The same request is still in progress"
    retryable = True
    cause = "The request was sent again before the first one was answered."
    remedy = (
        "Wait a moment, then send the same request with the same key: it gets the answer to the first one."
    )


class BodyTooLarge(RequestError):
    """The body is longer than this path accepts."""

    code = "body-too-large"
    status = 413
    title = "The body is too large"
    cause = "The body exceeds the limit of this path."
    remedy = "Send a smaller body, or several requests."


class UnsupportedMediaType(RequestError):
    """The body's `Content-Type` is not one that this path accepts."""

    code = "unsupported-media-type"
    status = 415
    title = "The media type is not supported"
    cause = "The Content-Type header is missing, or names a type that this path does not read."
    remedy = "Send JSON with `Content-Type: application/json`."


class InvalidRequest(RequestError):
    """The body is readable, but parts of it are not valid; `errors` names each of them."""

    code = "invalid-request"
    status = 422
    title = "The request is not valid"
    cause = "One or more fields or parameters are missing, unknown or out of bounds."
    remedy = "Correct the parts that `errors` names."


class ParticipantInvalid(RequestError):
    """A text names no participant that ACS could reach."""

    code = "participant-invalid"
    status = 422
    title = "Not a participant"
    cause = "The text is neither a phone number in E.164 form nor a raw id of an ACS or Teams user."
    remedy = "Write a phone number as +4930123456 and a user by raw id, such as 8:acs:… or 8:orgid:…."


class IdempotencyKeyReused(RequestError):
    """The `Idempotency-Key` was used before, for a different request."""

    code = "idempotency-key-reused"
    status = 422
    title = "The idempotency key was used for another request"
    cause = "Two different requests carry the same key."
    remedy = "Use a new key for each new request."


class LocaleError(RequestError):
    """A locale was refused before Azure was asked."""

    status = 422


class LocaleInvalid(LocaleError):
    """The text is no BCP-47 language tag."""

    code = "locale-invalid"
    title = "Not a locale"
    cause = "The text does not follow BCP-47, or names a language or region that does not exist."
    remedy = "Write language and region, such as en-US or de-DE."


class LocaleWithoutRegion(LocaleError):
    """The locale names a language only; speech recognition needs the region too."""

    code = "locale-without-region"
    title = "The locale has no region"
    cause = "ACS recognises speech only for a language with its region."
    remedy = "Add the region: en-US or en-GB rather than en."


class LocaleIsAVoice(LocaleError):
    """The text is the name of a speaking voice, such as en-US-NancyNeural."""

    code = "locale-is-a-voice"
    title = "A voice, not a locale"
    cause = "A voice name was given where a locale is expected: voices speak, transcription listens."
    remedy = "Use the beginning of the name: en-US rather than en-US-NancyNeural."
