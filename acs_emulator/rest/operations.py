"""All operations by method and path, named as the REST specification names them; `versions` says which version has which."""

from __future__ import annotations

import re

_CALL = r"/calling/callConnections/[^/:]+"
_RECORDING = r"/calling/recordings/[^/:]+"
_IDENTITY = r"/identities/[^/]+"

_OPERATIONS = (
    ("createCall", "POST", r"/calling/callConnections"),
    ("answerCall", "POST", r"/calling/callConnections:answer"),
    ("redirectCall", "POST", r"/calling/callConnections:redirect"),
    ("rejectCall", "POST", r"/calling/callConnections:reject"),
    ("connect", "POST", r"/calling/callConnections:connect"),
    ("getCall", "GET", _CALL),
    ("hangUpCall", "DELETE", _CALL),
    ("terminateCall", "POST", _CALL + ":terminate"),
    ("transferToParticipant", "POST", _CALL + ":transferToParticipant"),
    ("getParticipants", "GET", _CALL + "/participants"),
    ("addParticipant", "POST", _CALL + "/participants:add"),
    ("removeParticipant", "POST", _CALL + "/participants:remove"),
    ("mute", "POST", _CALL + "/participants:mute"),
    ("cancelAddParticipant", "POST", _CALL + "/participants:cancelAddParticipant"),
    ("moveParticipants", "POST", _CALL + "/participants:moveHere"),
    ("getParticipant", "GET", _CALL + "/participants/[^/]+"),
    ("play", "POST", _CALL + ":play"),
    ("startTranscription", "POST", _CALL + ":startTranscription"),
    ("stopTranscription", "POST", _CALL + ":stopTranscription"),
    ("updateTranscription", "POST", _CALL + ":updateTranscription"),
    ("summarizeCall", "POST", _CALL + ":summarizeCall"),
    ("cancelAllMediaOperations", "POST", _CALL + ":cancelAllMediaOperations"),
    ("recognize", "POST", _CALL + ":recognize"),
    ("startContinuousDtmfRecognition", "POST", _CALL + ":startContinuousDtmfRecognition"),
    ("stopContinuousDtmfRecognition", "POST", _CALL + ":stopContinuousDtmfRecognition"),
    ("sendDtmfTones", "POST", _CALL + ":sendDtmfTones"),
    ("hold", "POST", _CALL + ":hold"),
    ("unhold", "POST", _CALL + ":unhold"),
    ("startMediaStreaming", "POST", _CALL + ":startMediaStreaming"),
    ("stopMediaStreaming", "POST", _CALL + ":stopMediaStreaming"),
    ("startRecording", "POST", r"/calling/recordings"),
    ("getRecordingProperties", "GET", _RECORDING),
    ("stopRecording", "DELETE", _RECORDING),
    ("pauseRecording", "POST", _RECORDING + ":pause"),
    ("resumeRecording", "POST", _RECORDING + ":resume"),
    ("createIdentity", "POST", r"/identities"),
    ("deleteIdentity", "DELETE", _IDENTITY),
    ("issueAccessToken", "POST", _IDENTITY + "/:issueAccessToken"),
    ("revokeAccessTokens", "POST", _IDENTITY + "/:revokeAccessTokens"),
    ("exchangeTeamsUserAccessToken", "POST", r"/teamsUser/:exchangeAccessToken"),
)
_PATTERNS = [(name, method, re.compile(path)) for name, method, path in _OPERATIONS]
NAMES = frozenset(name for name, _, _ in _OPERATIONS)


def name_of(method: str, path: str) -> str | None:
    """The operation a request asks for, None where there is none such. The path is percent-decoded."""
    for name, its_method, pattern in _PATTERNS:
        if method == its_method and pattern.fullmatch(path):
            return name
    return None


def is_data_plane(path: str) -> bool:
    """Whether a path belongs to the service, whose requests are authenticated and versioned."""
    return path.startswith(("/calling/", "/identities/", "/teamsUser/")) or path == "/identities"


def is_identities(path: str) -> bool:
    """Whether a path of the data plane is about identities, which have api-versions of their own."""
    return not path.startswith("/calling/")


def connection_of(path: str) -> str | None:
    """The callConnectionId in a path, where it has one."""
    found = re.match(r"/calling/callConnections/([^/:]+)", path)
    return found[1] if found else None
