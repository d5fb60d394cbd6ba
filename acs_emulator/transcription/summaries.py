"""Summaries of calls, on demand and after the end: a feature of the preview."""

from __future__ import annotations

from collections import deque

from acs_emulator.calls.call import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.outgoing.events import MEDIA_OK, Result, Told

NOT_SUMMARIZED = Result(500, 8626, "Action failed, unable to summarize the call transcripts.")
"""As captured, with its `transcriptionMessage`."""
NO_TRANSCRIPTS = "SummarizationFailed Cannot summarize conversation: no transcripts available."


def summarize(exchange: Exchange, leg: Leg, told: Told) -> None:
    """Event: TranscriptionCallSummaryUpdated, with the summary or, where nothing was transcribed, the failure.

    The failure is captured; that success has the same shape is a guess.
    """
    said = leg.transcription.said if leg.transcription else deque()
    update: dict[str, object] = {
        "transcriptionStatus": "callSummaryUpdated",
        "transcriptionStatusDetails": "callSummarySuccess" if said else "callSummaryFailure",
        "transcriptionMessage": _summary(said) if said else NO_TRANSCRIPTS,
    }
    exchange.callbacks.send(
        leg,
        "TranscriptionCallSummaryUpdated",
        told,
        result=MEDIA_OK if said else NOT_SUMMARIZED,
        fields={"transcriptionUpdate": update},
    )


def summarize_at_end(exchange: Exchange, leg: Leg) -> None:
    """Where `enableEndCallSummary` asked for it; sent behind CallDisconnected, with the context of the start."""
    transcription = leg.transcription
    if transcription is not None and transcription.insights.summarize:
        summarize(exchange, leg, Told(transcription.context))


def _summary(said: deque[tuple[str, str]]) -> str:
    """A summary anybody can foretell: how many spoke and how often, the first words and the last."""
    speakers = len({raw_id for raw_id, _ in said})
    return (
        f"{speakers} {'person' if speakers == 1 else 'people'} spoke {len(said)} "
        f"{'time' if len(said) == 1 else 'times'}. First: {said[0][1]} Last: {said[-1][1]}"
    )
