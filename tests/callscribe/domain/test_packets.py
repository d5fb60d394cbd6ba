import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.packets import (
    MalformedPacket,
    OtherPacket,
    SpokenWord,
    TranscriptionData,
    TranscriptionMetadata,
    parse,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "acs" / "packets.jsonl"
CAPTURES = [json.loads(line)["packet"] for line in GOLDEN.read_text().splitlines()]
DATA = {"text": "Yes.", "offset": 10, "participantRawID": "4:+1", "resultStatus": "Final"}


def data(**fields: Any) -> TranscriptionData:
    packet = parse(json.dumps({"kind": "TranscriptionData", "transcriptionData": DATA | fields}))
    assert isinstance(packet, TranscriptionData)
    return packet


def metadata(**fields: Any) -> TranscriptionMetadata:
    packet = parse(json.dumps({"kind": "TranscriptionMetadata", "transcriptionMetadata": fields}))
    assert isinstance(packet, TranscriptionMetadata)
    return packet


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: str(capture["kind"]))
def test_packets_as_captured(capture: dict[str, Any]) -> None:
    """Every packet ever captured is read; audio and tones are values too."""
    packet = parse(json.dumps(capture))
    match capture["kind"]:
        case "TranscriptionData":
            assert isinstance(packet, TranscriptionData)
            wire = capture["transcriptionData"]
            assert (packet.text, packet.offset, packet.duration) == (
                wire["text"],
                wire["offset"],
                wire.get("duration"),
            )
            assert [word.offset for word in packet.words] == [word["offset"] for word in wire["words"]]
        case "TranscriptionMetadata":
            assert isinstance(packet, TranscriptionMetadata)
            assert packet.subscription_id == capture["transcriptionMetadata"]["subscriptionId"]
        case kind:
            assert packet == OtherPacket(kind)


def test_offset_beyond_what_a_double_holds() -> None:
    """Ticks stay exact up to 2^63 - 1."""
    assert data(offset=2516942161212568046).offset == 2516942161212568046
    assert data(offset=2**63 - 1).offset == 2**63 - 1


def test_packet_without_what_is_optional() -> None:
    """Duration, confidence and words may be missing or null."""
    bare = data()
    assert (bare.duration, bare.confidence, bare.words) == (None, None, ())
    assert data(duration=None, confidence=None, words=None) == bare
    assert data(words=[]).words == ()


def test_words_of_a_final() -> None:
    """They are given with their ticks; null numbers are none."""
    told = [
        {"text": "yes", "offset": 10, "duration": 5, "confidence": 0.5},
        {"text": "no", "offset": 11, "duration": None},
    ]
    assert data(words=told).words == (SpokenWord("yes", 10, 5, 0.5), SpokenWord("no", 11))


def test_words_of_an_open_line() -> None:
    """They are not read, as nobody needs them."""
    assert data(resultStatus="Intermediate", words=[{"text": "yes", "offset": 10}]).words == ()


@pytest.mark.parametrize(
    ("fields", "final"),
    [
        ({"resultStatus": "Final"}, True),
        ({"resultStatus": "final"}, True),
        ({"resultStatus": "Intermediate"}, False),
        ({"resultStatus": "INTERMEDIATE"}, False),
        ({"resultStatus": None, "resultState": "final"}, True),
        ({"resultStatus": None, "resultState": "Intermediate"}, False),
        ({"resultStatus": None}, True),
    ],
)
def test_status_in_every_spelling(fields: dict[str, Any], final: bool) -> None:
    """`resultStatus` or `resultState` in any case; a packet without either is kept as final."""
    assert data(**fields).final is final


@pytest.mark.parametrize("name", ["participantRawID", "participantRawId", "participantId"])
def test_speaker_in_every_spelling(name: str) -> None:
    """The raw id is found under each of its names."""
    assert data(**{"participantRawID": None, name: "8:acs:x"}).participant == "8:acs:x"


def test_speaker_who_is_not_named() -> None:
    """The words are kept under `unknown`."""
    assert data(participantRawID=None).participant == "unknown"


def test_preview_fields() -> None:
    """Sentiment and the identified language are read; other shapes of them do no harm."""
    told = data(sentimentAnalysisResult={"sentiment": "neutral"}, languageIdentified="de-de")
    assert (told.sentiment, told.locale) == ("neutral", "de-DE")
    odd = data(sentimentAnalysisResult="neutral", languageIdentified={"language": "de-DE"})
    assert (odd.sentiment, odd.locale) == (None, None)
    assert data(sentimentAnalysisResult={"sentiment": 1}).sentiment is None
    assert data(languageIdentified="x" * 65).locale is None


def test_metadata_of_the_preview() -> None:
    """Null model, empty list of locales and unknown fields are taken."""
    told = metadata(subscriptionId="s", locale="en-US", speechModelEndpointId=None, locales=[], other={})
    assert told == TranscriptionMetadata("s", "en-US", None, None, None)


@pytest.mark.parametrize("name", ["speechRecognitionModelEndpointId", "speechModelEndpointId"])
def test_model_in_every_spelling(name: str) -> None:
    """The model's id is found under both of its names."""
    assert metadata(**{name: "model"}).model == "model"


@pytest.mark.parametrize(
    ("told", "locale"),
    [
        ({"locale": "en-us"}, "en-US"),
        ({"locale": "ZH-hans-cn"}, "zh-Hans-CN"),
        ({"locale": "zh-CN-SICHUAN"}, "zh-CN-sichuan"),
        ({"locale": "es-419"}, "es-419"),
        ({"locale": ""}, None),
        ({}, None),
        ({"locales": ["de-de"]}, "de-DE"),
        ({"locales": ["de-de", "en-us"]}, None),
        ({"locales": [1]}, None),
    ],
)
def test_locale_is_spelled_one_way(told: dict[str, Any], locale: str | None) -> None:
    """As BCP 47 recommends, so that one locale has one spelling; of several offered ones none is it."""
    assert metadata(**told).locale == locale


@pytest.mark.parametrize(
    ("packet", "parsed"),
    [
        ({"transcriptionData": DATA}, TranscriptionData),
        ({"transcriptionMetadata": {}}, TranscriptionMetadata),
        ({"audioData": {"data": ""}}, OtherPacket),
        ({"kind": "transcriptionData", "transcriptionData": DATA}, TranscriptionData),
        ({"kind": "TRANSCRIPTIONMETADATA", "transcriptionMetadata": {}}, TranscriptionMetadata),
        ({"kind": "MarkData", "transcriptionData": DATA}, OtherPacket),
    ],
)
def test_kind_in_another_case_or_missing(packet: dict[str, Any], parsed: type) -> None:
    """The kind is read in any case; without one the content tells."""
    assert isinstance(parse(json.dumps(packet)), parsed)


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, bytes.decode])
def test_forms_of_a_frame(form: Any) -> None:
    """Text or any kind of bytes."""
    raw = json.dumps({"kind": "DtmfData", "dtmfData": {"data": "3"}}).encode()
    assert parse(form(raw)) == OtherPacket("DtmfData")


SECRET = "my pin is 1234"
BAD = {
    "empty": b"",
    "not JSON": b"hello",
    "not an object": b"[]",
    "null": b"null",
    "neither kind nor content": b"{}",
    "cut off": b'{"kind":"TranscriptionData","transcriptionData":{"text":"my pin is 1234"',
    "two objects": b"{}{}",
    "not UTF-8": b'{"kind":"TranscriptionData","transcriptionData":{"text":"\xff","offset":1}}',
    "lone surrogate in JSON": b'{"kind":"\\ud800"}',
    "lone surrogate in text": '{"kind":"\ud800"}',
    "nested without end": b"[" * 200_000,
    "nested in a field": b'{"kind":"X","y":' + b"[" * 200_000,
    "kind is a number": b'{"kind":1}',
    "kind too long": json.dumps({"kind": "x" * 65}).encode(),
    "data missing": b'{"kind":"TranscriptionData"}',
    "data null": b'{"kind":"TranscriptionData","transcriptionData":null}',
    "metadata missing": b'{"kind":"TranscriptionMetadata"}',
}


def bad_data(**fields: Any) -> bytes:
    told = {"text": SECRET, "offset": 1} | fields
    told = {name: value for name, value in told.items() if value is not ...}
    return json.dumps({"kind": "TranscriptionData", "transcriptionData": told}).encode()


BAD |= {
    "text missing": bad_data(text=...),
    "text null": bad_data(text=None),
    "text too long": bad_data(text="x" * 65_537),
    "offset missing": bad_data(offset=...),
    "offset null": bad_data(offset=None),
    "offset negative": bad_data(offset=-1),
    "offset beyond 63 bits": bad_data(offset=2**63),
    "offset a fraction": bad_data(offset=1.5),
    "offset a text": bad_data(offset=SECRET),
    "duration negative": bad_data(duration=-1),
    "confidence not a number": b'{"transcriptionData":{"text":"a","offset":1,"confidence":NaN}}',
    "status unknown": bad_data(resultStatus=SECRET),
    "participant a number": bad_data(participantRawID=1),
    "locale too long": b'{"transcriptionMetadata":{"locale":"%s"}}' % (b"x" * 65),
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_packet_that_cannot_be_read(raw: bytes | str) -> None:
    """One exception class, with a short reason that does not contain what was said."""
    with pytest.raises(MalformedPacket) as caught:
        parse(raw)
    assert 0 < len(caught.value.reason) <= 200
    assert str(caught.value) == caught.value.reason
    assert SECRET not in caught.value.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        ["text", "offset", "duration", "words", "participantRawID", "resultStatus", "locale", "locales"]
    ),
    JSON,
)
ENVELOPES = st.fixed_dictionaries(
    {}, optional={"kind": JSON, "transcriptionData": FIELDS, "transcriptionMetadata": FIELDS}
)


@given(st.binary(max_size=200) | ENVELOPES.map(lambda value: json.dumps(value).encode()))
def test_anything_at_all(raw: bytes) -> None:
    """A packet or MalformedPacket, never anything else."""
    try:
        assert isinstance(parse(raw), TranscriptionMetadata | TranscriptionData | OtherPacket)
    except MalformedPacket as fault:
        assert fault.reason  # noqa: PT017 - either outcome is right


@given(
    text=st.text(max_size=50),
    offset=st.integers(0, 2**63 - 1),
    duration=st.none() | st.integers(0, 2**63 - 1),
    confidence=st.none() | st.floats(0, 1),
)
def test_what_was_sent_is_what_is_read(
    text: str, offset: int, duration: int | None, confidence: float | None
) -> None:
    """Text and numbers come out as they went in."""
    packet = data(text=text, offset=offset, duration=duration, confidence=confidence)
    assert (packet.text, packet.offset, packet.duration, packet.confidence) == (
        text,
        offset,
        duration,
        confidence,
    )


@pytest.mark.parametrize(
    "raw",
    [
        bad_data(words=SECRET),
        bad_data(words=[{"text": SECRET}]),
        bad_data(words=[{"text": "WORD", "offset": 1}]).replace(b"WORD", b"\xff"),
        bad_data(words=[{"text": SECRET, "offset": 2**63}]),
    ],
    ids=["words no list", "word without offset", "word not UTF-8", "word beyond 63 bits"],
)
def test_a_final_whose_words_cannot_be_read(raw: bytes) -> None:
    """The line itself is kept, without words: it is not to be lost for them."""
    packet = parse(raw)
    assert isinstance(packet, TranscriptionData)
    assert packet.words == ()
    assert packet.text
