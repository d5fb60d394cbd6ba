"""Every documented way in which transcription fails, and when the emulator fails in it by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from acs_emulator.calls.call import Leg
from acs_emulator.outgoing.events import Result


@dataclass(frozen=True, slots=True)
class Failure:
    """`resultInformation` and `transcriptionStatusDetails` of a TranscriptionFailed event.

    The pairs and messages are those of Microsoft's real-time transcription tutorial; which details go with which pair
    is seen for 8581 only, and a guess for the others.
    """

    code: int
    sub_code: int
    message: str
    details: str = "unspecifiedError"

    @property
    def result(self) -> Result:
        return Result(self.code, self.sub_code, self.message)


STREAM_URL = Failure(
    400,
    8581,
    "Action failed, Transport url is not valid or web socket server is not operational.",
    "streamUrlMissing",
)
COGNITIVE_BAD_REQUEST = Failure(
    400,
    8565,
    "Action failed due to a bad request to Cognitive Services. Check your input parameters.",
    "badRequest",
)
COGNITIVE_TIMEOUT = Failure(
    400,
    8565,
    "Action failed due to a request to Cognitive Services timing out. "
    "Try again later or check for any issues with the service.",
    "serviceTimeout",
)
CUSTOM_MODEL = Failure(
    400, 8605, "Custom speech recognition model for Transcription is not supported.", "badRequest"
)
LOCALE_MISSING = Failure(400, 8523, "Invalid Request, locale is missing.", "badRequest")
LOCALE_WITHOUT_REGION = Failure(
    400, 8523, "Invalid Request, only locale that contain region information are supported.", "badRequest"
)
NOT_SUPPORTED_NOW = Failure(405, 8520, "Transcription functionality is not supported at this time.")
UPDATE_ON_CONNECT = Failure(
    405, 8520, "UpdateTranscription is not supported for connection created with Connect interface."
)
TERMINATED = Failure(400, 8528, "Action is invalid, call already terminated.")
UPDATE_NOT_SUPPORTED_NOW = Failure(
    405, 8520, "Update transcription functionality is not supported at this time."
)
URL_NOT_SET = Failure(405, 8522, "Request not allowed when Transcription url not set during call setup.")
COGNITIVE_NOT_SET = Failure(
    405, 8522, "Request not allowed when Cognitive Service Configuration not set during call setup."
)
NOT_ESTABLISHED = Failure(400, 8501, "Action is invalid when call is not in Established state.")
COGNITIVE_UNAUTHORIZED = Failure(
    401,
    8565,
    "Action failed due to a Cognitive Services authentication error. "
    "Check your authorization input and ensure it's correct.",
    "authenticationFailure",
)
COGNITIVE_FORBIDDEN = Failure(
    403,
    8565,
    "Action failed due to a forbidden request to Cognitive Services. "
    "Check your subscription status and ensure it's active.",
    "forbidden",
)
COGNITIVE_TOO_MANY = Failure(
    429,
    8565,
    "Action failed, requests exceeded the number of allowed concurrent requests for the cognitive services "
    "subscription.",
    "tooManyRequests",
)
NO_WEBSOCKET = Failure(
    500, 8578, "Action failed, not able to establish WebSocket connection.", "streamConnectionUnsuccessful"
)
SHUT_DOWN = Failure(500, 8580, "Action failed, transcription service was shut down.", "serviceShutdown")
CANCELED = Failure(500, 8579, "Action failed, transcription was canceled.")
UNKNOWN = Failure(500, 9999, "Unknown internal server error.")
OLD_STREAM_URL = Failure(400, 8581, "Action failed, StreamUrl isn't valid.", "streamUrlMissing")

FAILURES = (
    OLD_STREAM_URL,
    STREAM_URL,
    COGNITIVE_BAD_REQUEST,
    COGNITIVE_TIMEOUT,
    CUSTOM_MODEL,
    LOCALE_MISSING,
    LOCALE_WITHOUT_REGION,
    NOT_SUPPORTED_NOW,
    UPDATE_ON_CONNECT,
    TERMINATED,
    UPDATE_NOT_SUPPORTED_NOW,
    URL_NOT_SET,
    COGNITIVE_NOT_SET,
    NOT_ESTABLISHED,
    COGNITIVE_UNAUTHORIZED,
    COGNITIVE_FORBIDDEN,
    COGNITIVE_TOO_MANY,
    NO_WEBSOCKET,
    SHUT_DOWN,
    CANCELED,
    UNKNOWN,
)

_LOCALE = re.compile(r"[a-z]{2,3}(-[a-z]{4})?-([a-z]{2}|\d{3})(-[a-z0-9]{2,8})?", re.IGNORECASE)
_VOICE = re.compile(r"-[a-z]+neural$", re.IGNORECASE)


def documented(code: int, sub_code: int, message: str | None, details: str | None) -> Failure:
    """The failure a fault asks for: the row of the same message or else the first of the pair, or a new one."""
    rows = [row for row in FAILURES if (row.code, row.sub_code) == (code, sub_code)]
    row = next((row for row in rows if row.message == message), rows[0] if rows else UNKNOWN)
    return Failure(code, sub_code, message or row.message, details or row.details)


def of_state(leg: Leg) -> Failure | None:
    """Why nothing can be started or stopped in the state in which the leg is."""
    if leg.gone:
        return TERMINATED
    return None if leg.talks else NOT_ESTABLISHED


def of_locale(locale: str | None) -> Failure | None:
    """Why Azure Speech would not listen for this locale. That a voice's name is refused as 8565 is a guess."""
    if not locale:
        return LOCALE_MISSING
    if _VOICE.search(locale):
        return COGNITIVE_BAD_REQUEST
    if not _LOCALE.fullmatch(locale):
        return LOCALE_WITHOUT_REGION
    return None
