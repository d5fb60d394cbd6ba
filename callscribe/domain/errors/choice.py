"""Which class an answer or event of ACS means."""

from callscribe.domain.errors.acs import (
    AcsBadRequest,
    AcsCallNotFound,
    AcsConflict,
    AcsError,
    AcsForbidden,
    AcsNoAnswer,
    AcsNotFound,
    AcsPreconditionFailed,
    AcsThrottled,
    AcsUnauthorized,
    AcsUnavailable,
)
from callscribe.domain.errors.transcription import (
    SpeechBadRequest,
    SpeechConcurrencyExceeded,
    SpeechForbidden,
    SpeechTimeout,
    SpeechUnauthorized,
    TranscriptionFailed,
    TranscriptionInternalError,
    TranscriptionShutDown,
    TransportUrlUnusable,
    UnknownTranscriptionFailure,
    WebSocketNotOpened,
)

_BY_STATUS: dict[int, type[AcsError]] = {
    401: AcsUnauthorized,
    403: AcsForbidden,
    404: AcsNotFound,
    409: AcsConflict,
    412: AcsPreconditionFailed,
    429: AcsThrottled,
}
_NO_SUCH_CALL = "8522"


def acs_http_error(
    status: int | None, code: str | None, message: str, retry_after: float | None = None
) -> AcsError:
    """The error that ACS's answer to a request of ours means; a status of None is no answer.

    `code` is the answer's `error.code`; `retry_after` is in seconds.
    """
    if status is None:
        chosen: type[AcsError] = AcsNoAnswer
    elif status == 404 and code == _NO_SUCH_CALL:
        chosen = AcsCallNotFound
    else:
        chosen = _BY_STATUS.get(status, AcsBadRequest if 400 <= status < 500 else AcsUnavailable)
    return chosen(status, code, message, retry_after)


def _normalised(text: str) -> str:
    """Letters and digits alone, without case: wording survives changes of punctuation and spacing."""
    return "".join(character for character in text.casefold() if character.isalnum())


_Failure = type[TranscriptionFailed]

_BY_PAIR: dict[tuple[int, int], _Failure] = {
    (pair.acs_code, pair.sub_code): pair
    for pair in TranscriptionFailed.__subclasses__()
    if pair is not UnknownTranscriptionFailure
}
_BY_WORDING: dict[tuple[_Failure, str], _Failure] = {
    (pair, _normalised(wording)): row
    for pair in _BY_PAIR.values()
    for row in (pair, *pair.__subclasses__())
    for wording in row.wordings
}
_SAYS_NOTHING = (UnknownTranscriptionFailure, TranscriptionInternalError)
_BY_DETAILS: dict[str, _Failure] = {
    _normalised(details): named
    for details, named in {
        "authenticationFailure": SpeechUnauthorized,
        "badRequest": SpeechBadRequest,
        "forbidden": SpeechForbidden,
        "serviceShutdown": TranscriptionShutDown,
        "serviceTimeout": SpeechTimeout,
        "streamConnectionUnsuccessful": WebSocketNotOpened,
        "streamUrlMissing": TransportUrlUnusable,
        "tooManyRequests": SpeechConcurrencyExceeded,
    }.items()
}


def transcription_failure(
    code: int, sub_code: int, message: str, status_details: str | None = None
) -> TranscriptionFailed:
    """The error that a TranscriptionFailed event means.

    (code, subCode) chooses the class of the pair and the message chooses among its rows. Where the pair says
    nothing, or the message is new, `transcriptionStatusDetails` may name the class instead; they never overrule
    a pair that says something.
    """
    pair = _BY_PAIR.get((code, sub_code), UnknownTranscriptionFailure)
    row = _BY_WORDING.get((pair, _normalised(message)))
    named = _BY_DETAILS.get(_normalised(status_details or ""))
    if named and (pair in _SAYS_NOTHING or (row is None and issubclass(named, pair))):
        return named(code, sub_code, message, status_details)
    return (row or pair)(code, sub_code, message, status_details)
