"""The packets of a transcription stream, in the canonical shape that every SDK's parser reads."""

from __future__ import annotations

import time
from dataclasses import dataclass

from acs_emulator.clock import dotnet_ticks
from acs_emulator.people.scene import Utterance
from acs_emulator.transcription.insights import MASK_WITH_CHARACTER, NOTHING, Insights

_MAX_DATE_TIME_TICKS = 3_155_378_975_999_999_999

Packet = dict[str, object]


@dataclass(frozen=True, slots=True)
class Recognition:
    """A recognition stream. It begins with its metadata packet; offsets are ticks from `origin`.

    Legacy offsets are the ticks from the stream's start to the end of .NET's time, plus the elapsed ones: only
    differences mean anything, and there are no durations.
    """

    origin: int
    legacy_base: int | None = None

    @classmethod
    def beginning(cls, origin: int, *, legacy: bool) -> Recognition:
        return cls(origin, _MAX_DATE_TIME_TICKS - dotnet_ticks(time.time_ns()) if legacy else None)

    def span(self, offset: int, duration: int) -> Packet:
        if self.legacy_base is not None:
            return {"offset": self.legacy_base + offset - self.origin}
        return {"offset": offset - self.origin, "duration": duration}


def metadata(
    *,
    subscription_id: str,
    locale: str,
    connection_id: str,
    correlation_id: str,
    model_endpoint_id: str | None = None,
    locales: tuple[str, ...] = (),
    insights: Insights = NOTHING,
) -> Packet:
    """The first packet of a recognition stream.

    Where the preview's features were asked for it has the members of Microsoft's sample, in which the model's has
    another name and is null without a model; that there is no `piiRedactionOptions` unless asked for is a guess.
    """
    described: dict[str, object] = {
        "subscriptionId": subscription_id,
        "locale": locale,
        "callConnectionId": connection_id,
        "correlationId": correlation_id,
    }
    if locales or insights != NOTHING:
        described["speechModelEndpointId"] = model_endpoint_id
        described["locales"] = list(locales)
        described["enableSentimentAnalysis"] = bool(insights.sentiment)
        if insights.redact is not None:
            redaction = {"enable": insights.redact, "redactionType": MASK_WITH_CHARACTER}
            described["piiRedactionOptions"] = redaction
    elif model_endpoint_id:
        described["speechRecognitionModelEndpointId"] = model_endpoint_id
    return {"kind": "TranscriptionMetadata", "transcriptionMetadata": described}


def data(
    utterance: Utterance,
    recognition: Recognition,
    *,
    sentiment: str | None = None,
    language: str | None = None,
) -> Packet:
    """A result, intermediate or final."""
    words = [{"text": word.text, **recognition.span(word.offset, word.duration)} for word in utterance.words]
    result: dict[str, object] = {
        "text": utterance.text,
        "format": "display",
        "confidence": utterance.confidence,
        **recognition.span(utterance.offset, utterance.duration),
        "words": words,
        "participantRawID": utterance.raw_id,
        "resultStatus": "Final" if utterance.final else "Intermediate",
    }
    if sentiment is not None:
        result["sentimentAnalysisResult"] = {"sentiment": sentiment}
    if language is not None:
        result["languageIdentified"] = language
    return {"kind": "TranscriptionData", "transcriptionData": result}


def result_status(packet: Packet) -> str:
    """`Final` or `Intermediate`; empty where the packet is no result."""
    result = packet.get("transcriptionData")
    return str(result["resultStatus"]) if isinstance(result, dict) else ""


def heard_since(utterance: Utterance, origin: int) -> Utterance | None:
    """The part of an utterance spoken after the recognition stream began; None where nothing is left."""
    if utterance.offset >= origin:
        return utterance
    words = tuple(word for word in utterance.words if word.offset >= origin)
    if not words:
        return None
    tokens = utterance.text.split()
    kept = tokens[-len(words) :] if len(tokens) == len(utterance.words) else [word.text for word in words]
    end = utterance.offset + utterance.duration
    return Utterance(
        utterance.raw_id,
        utterance.final,
        " ".join(kept),
        words[0].offset,
        end - words[0].offset,
        utterance.confidence,
        words,
        utterance.locale,
    )
