"""The operations of api-version 2026-03-12 by method and path, named as the REST specification names them."""

from __future__ import annotations

import re

_CALL = r"/calling/callConnections/[^/:]+"
_RECORDING = r"/calling/recordings/[^/:]+"

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
)
_PATTERNS = [(name, method, re.compile(path)) for name, method, path in _OPERATIONS]
NAMES = frozenset(name for name, _, _ in _OPERATIONS)

NOT_EMULATED = frozenset(
    {
        "transferToParticipant",
        "mute",
        "moveParticipants",
        "recognize",
        "startContinuousDtmfRecognition",
        "stopContinuousDtmfRecognition",
        "sendDtmfTones",
        "hold",
        "unhold",
        "startMediaStreaming",
        "stopMediaStreaming",
        "startRecording",
        "getRecordingProperties",
        "stopRecording",
        "pauseRecording",
        "resumeRecording",
    }
)
"""Real operations that this emulator answers with 501."""


def name_of(method: str, path: str) -> str | None:
    """The operation a request asks for, None where there is none such. The path is percent-decoded."""
    for name, its_method, pattern in _PATTERNS:
        if method == its_method and pattern.fullmatch(path):
            return name
    return None


def connection_of(path: str) -> str | None:
    """The callConnectionId in a path, where it has one."""
    found = re.match(r"/calling/callConnections/([^/:]+)", path)
    return found[1] if found else None
