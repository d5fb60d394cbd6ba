"""The recordings that run, and the files of those that ended: the built-in storage."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from acs_emulator.calls.call import Call
from acs_emulator.errors import Refused
from acs_emulator.recordings.recording import Recording

KEPT_SECONDS = 24 * 3600.0
"""Emulated. Source: https://learn.microsoft.com/azure/communication-services/concepts/voice-video-calling/call-recording
(older revisions say 48 hours)."""
MAX_BYTES = 512 * 1024 * 1024
"""Of all files together; the oldest go first."""
MAX_FILES = 1_000


@dataclass(frozen=True, slots=True)
class File:
    """A chunk's content and metadata."""

    document_id: str
    content: bytes
    metadata: bytes
    expires: float
    """On the emulator's clock."""


class Recordings:
    """One running recording a call at most; at most MAX_FILES files of MAX_BYTES altogether."""

    def __init__(self) -> None:
        self._running: dict[str, Recording] = {}
        self._files: OrderedDict[str, File] = OrderedDict()
        self._bytes = 0

    def add(self, recording: Recording) -> None:
        """Raises Refused where the call is recorded already, with the code of Microsoft's samples; the status is a guess."""
        if self.of(recording.call) is not None:
            raise Refused(
                400, "8553", "Recording is already in progress, one recording can be active at one time."
            )
        self._running[recording.recording_id] = recording

    def of(self, call: Call) -> Recording | None:
        """The call's running recording."""
        return next((one for one in self._running.values() if one.call is call), None)

    def find(self, recording_id: str) -> Recording:
        """Raises Refused (404, "8522", as captured) where none such runs."""
        recording = self._running.get(recording_id)
        if recording is None:
            raise Refused(404, "8522", "Recording not found.")
        return recording

    def remove(self, recording: Recording) -> None:
        self._running.pop(recording.recording_id, None)

    def keep(self, file: File) -> None:
        """Keep the file until it expires, is deleted, or newer ones need its room."""
        self._files[file.document_id] = file
        self._bytes += len(file.content)
        while len(self._files) > 1 and (self._bytes > MAX_BYTES or len(self._files) > MAX_FILES):
            self.delete(next(iter(self._files)))

    def file(self, document_id: str, now: float) -> File | None:
        for old in [one for one in self._files.values() if one.expires <= now]:
            self.delete(old.document_id)
        return self._files.get(document_id)

    def delete(self, document_id: str) -> None:
        """Nothing happens where there is no such file."""
        file = self._files.pop(document_id, None)
        if file is not None:
            self._bytes -= len(file.content)

    def clear(self) -> None:
        """Forget everything."""
        for recording in self._running.values():
            recording.release()
        self._running.clear()
        self._files.clear()
        self._bytes = 0
