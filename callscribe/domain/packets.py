"""The packets of ACS's transcript socket: one JSON object in each text frame.

Every spelling that the service, its SDKs and its documentation have shown is read (Azure's real-time transcription
tutorial; `streamingData.ts` of the JavaScript SDK; `StreamingData.Parse` of the .NET SDK). Offsets and durations are
ticks of 100 ns and stay exact: several exceed 2^53.
"""

from typing import Annotated, Any

import msgspec

UNKNOWN_PARTICIPANT = "unknown"
"""Stands for the speaker of a packet that names none: the words are kept all the same."""

_Ticks = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Id = Annotated[str, msgspec.Meta(max_length=1024)]
_Tag = Annotated[str, msgspec.Meta(max_length=64)]
_Text = Annotated[str, msgspec.Meta(max_length=65_536)]


class MalformedPacket(ValueError):
    """A packet that cannot be read; `reason` says where and why, and never contains what was said."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TranscriptionMetadata(msgspec.Struct, frozen=True, gc=False):
    """The first packet of a recognition stream. The locale is spelled as BCP 47 recommends (`en-US`)."""

    subscription_id: str
    locale: str | None
    model: str | None
    call_connection_id: str | None
    correlation_id: str | None


class SpokenWord(msgspec.Struct, frozen=True, gc=False):
    """A word in lexical form."""

    text: _Text
    offset: _Ticks
    duration: _Ticks | None = None
    confidence: float | None = None


class TranscriptionData(msgspec.Struct, frozen=True, gc=False):
    """A recognised utterance: final, or as far as recognised (then without words)."""

    text: str
    participant: str
    final: bool
    offset: int
    duration: int | None
    confidence: float | None
    words: tuple[SpokenWord, ...]
    locale: str | None
    """The language that was identified, where several were offered."""
    sentiment: str | None


class OtherPacket(msgspec.Struct, frozen=True, gc=False):
    """Audio, tones, or a kind that is not known here."""

    kind: str


Packet = TranscriptionMetadata | TranscriptionData | OtherPacket


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    subscription_id: _Id | None = None
    locale: _Tag | None = None
    locales: Any = None
    call_connection_id: _Id | None = None
    correlation_id: _Id | None = None
    speech_model_endpoint_id: _Id | None = None
    speech_recognition_model_endpoint_id: _Id | None = None


class _Data(msgspec.Struct, gc=False, rename="camel"):
    text: _Text
    offset: _Ticks
    duration: _Ticks | None = None
    confidence: float | None = None
    words: msgspec.Raw = msgspec.Raw(b"null")
    participant_raw_id: _Id | None = msgspec.field(default=None, name="participantRawID")
    participant_raw_id_camel: _Id | None = msgspec.field(default=None, name="participantRawId")
    participant_id: _Id | None = None
    result_status: _Tag | None = None
    result_state: _Tag | None = None
    language_identified: Any = None
    sentiment_analysis_result: Any = None


class _Envelope(msgspec.Struct, gc=False, rename="camel"):
    kind: _Tag | None = None
    transcription_data: _Data | None = None
    transcription_metadata: _Metadata | None = None
    audio_data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    audio_metadata: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    dtmf_data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_envelope = msgspec.json.Decoder(_Envelope)
_words = msgspec.json.Decoder(tuple[SpokenWord, ...] | None)


def parse(raw: bytes | bytearray | memoryview | str) -> Packet:
    """The packet in a text frame. Raises MalformedPacket, and nothing else."""
    try:
        envelope = _envelope.decode(raw)
        kind = envelope.kind or _kind_by_content(envelope)
        match kind.lower():
            case "transcriptiondata":
                return _data(envelope.transcription_data)
            case "transcriptionmetadata":
                return _metadata(envelope.transcription_metadata)
            case _:
                return OtherPacket(kind)
    except MalformedPacket:
        raise
    except UnicodeError as fault:
        raise MalformedPacket("not UTF-8") from fault
    except RecursionError as fault:
        raise MalformedPacket("nested too deeply") from fault
    except ValueError as fault:
        # msgspec names positions and types, never values.
        raise MalformedPacket(str(fault)[:200]) from fault


def _kind_by_content(envelope: _Envelope) -> str:
    """What a packet without `kind` is: Java's SDK looks at the content alone."""
    for name, content in (
        ("TranscriptionData", envelope.transcription_data),
        ("TranscriptionMetadata", envelope.transcription_metadata),
        ("AudioData", envelope.audio_data),
        ("AudioMetadata", envelope.audio_metadata),
        ("DtmfData", envelope.dtmf_data),
    ):
        if content is not None and content is not msgspec.UNSET:
            return name
    raise MalformedPacket("neither a kind nor a known content")


def _metadata(packet: _Metadata | None) -> TranscriptionMetadata:
    if packet is None:
        raise MalformedPacket("no transcriptionMetadata")
    return TranscriptionMetadata(
        subscription_id=packet.subscription_id or "",
        locale=_locale(packet.locale or _only(packet.locales)),
        model=packet.speech_recognition_model_endpoint_id or packet.speech_model_endpoint_id or None,
        call_connection_id=packet.call_connection_id or None,
        correlation_id=packet.correlation_id or None,
    )


def _data(packet: _Data | None) -> TranscriptionData:
    if packet is None:
        raise MalformedPacket("no transcriptionData")
    status = packet.result_status or packet.result_state
    final = status == "Final" or (status != "Intermediate" and _is_final(status))
    sentiment = packet.sentiment_analysis_result
    return TranscriptionData(
        text=packet.text,
        participant=packet.participant_raw_id
        or packet.participant_raw_id_camel
        or packet.participant_id
        or UNKNOWN_PARTICIPANT,
        final=final,
        offset=packet.offset,
        duration=packet.duration,
        confidence=packet.confidence,
        words=_words_of(packet.words) if final else (),
        locale=_locale(packet.language_identified) if packet.language_identified else None,
        sentiment=_text(sentiment.get("sentiment")) if isinstance(sentiment, dict) else None,
    )


def _words_of(raw: msgspec.Raw) -> tuple[SpokenWord, ...]:
    """The words of a final; none where they cannot be read, since the line itself is not to be lost for them."""
    try:
        return _words.decode(raw) or ()
    except (ValueError, RecursionError):
        return ()


def _is_final(status: str | None) -> bool:
    match (status or "final").lower():
        case "final":
            return True
        case "intermediate":
            return False
        case _:
            raise MalformedPacket("resultStatus is neither Final nor Intermediate")


def _only(locales: object) -> object:
    """The one locale of a list that leaves no choice."""
    return locales[0] if isinstance(locales, list) and len(locales) == 1 else None


def _locale(tag: object) -> str | None:
    """A tag in the case that RFC 5646 section 2.1.1 recommends; None where there is none."""
    text = _text(tag)
    if not text:
        return None
    language, *rest = text.split("-")
    return "-".join([language.lower(), *map(_subtag, rest)])


def _subtag(text: str) -> str:
    return {2: text.upper(), 4: text.title()}.get(len(text), text.lower())


def _text(value: object) -> str | None:
    """A short text of a preview field; None for whatever else the preview may send one day."""
    return value if isinstance(value, str) and len(value) <= 64 else None
