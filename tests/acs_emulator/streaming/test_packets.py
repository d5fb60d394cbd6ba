import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from acs_emulator.streaming import packets
from acs_emulator.streaming.packets import Audio, Malformed, StopAudio

SAMPLES = b"\x01\x00\xff\xff"
DATA = base64.b64encode(SAMPLES).decode()


@pytest.mark.parametrize("kind", ["AudioMetadata", "AudioData", "DtmfData"])
def test_packets_have_the_shape_of_the_captures(
    kind: str, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """Member for member, in Microsoft's documentation; a mixed stream names no participant."""
    made = {
        "AudioMetadata": packets.metadata("4af370df-3868-461f-8242-91f077a6f8a6", 16_000),
        "AudioData": json.loads(packets.audio(SAMPLES, 1_664_824_572.925, "8:acs:a", silent=False)),
        "DtmfData": packets.dtmf("three"),
    }[kind]
    captured = [line["packet"] for line in goldens("packets.jsonl") if line["packet"].get("kind") == kind]
    assert list(map(shape, captured)).count(shape(made)) >= 1
    members = {name: set(shape(made)[name]) for name in made if name != "kind"}
    for packet in captured:
        for name, inner in members.items():
            assert inner >= set(packet[name])


def test_a_frame() -> None:
    """The documented timestamp, base64 of the samples, no participant where it is mixed."""
    frame = json.loads(packets.audio(SAMPLES, 1_731_698_172.925, None, silent=True))
    assert frame == {
        "kind": "AudioData",
        "audioData": {"timestamp": "2024-11-15T19:16:12.925Z", "data": DATA, "silent": True},
    }


def test_the_length_of_a_frame() -> None:
    """20 ms."""
    lengths = [packets.metadata("id", rate)["audioMetadata"] for rate in (16_000, 24_000)]
    assert [one["length"] for one in lengths if isinstance(one, dict)] == [640, 960]


def test_keys() -> None:
    """As they are written on the telephone."""
    tones = ["zero", "nine", "asterisk", "pound", "a"]
    assert [packets.dtmf(tone)["dtmfData"] for tone in tones] == [{"data": key} for key in "09*#A"]


@pytest.mark.parametrize(
    "frame",
    [
        {"Kind": "AudioData", "AudioData": {"Data": DATA}, "StopAudio": None},
        {"Kind": "AudioData", "AudioData": {"data": DATA}, "StopAudio": None},
        {"kind": "AudioData", "audioData": {"data": DATA}},
        {"kind": "audioData", "audioData": {"data": DATA, "isSilent": False}, "stopAudio": {}},
        {"kind": "audiodata", "AUDIODATA": {"DATA": DATA}},
        {"audioData": {"data": DATA}, "stopAudio": None},
    ],
)
def test_audio_in_every_casing(frame: Any) -> None:
    """As .NET, Python, JavaScript and their samples write it."""
    assert packets.parse(json.dumps(frame)) == Audio(SAMPLES)


@pytest.mark.parametrize(
    "frame",
    [
        {"Kind": "StopAudio", "AudioData": None, "StopAudio": {}},
        {"kind": "stopAudio", "stopAudio": {}},
        {"kind": "StopAudio", "stopAudio": {}},
        {"StopAudio": {}},
    ],
)
def test_stop_in_every_casing(frame: Any) -> None:
    """Nulls do not count."""
    assert isinstance(packets.parse(json.dumps(frame)), StopAudio)


def test_a_kind_that_nobody_knows() -> None:
    """Such as the marks of a preview: no error."""
    assert packets.parse('{"kind": "Mark", "mark": {"id": "1"}}') is None


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x01",
        "",
        "no JSON",
        "[]",
        "null",
        "{}",
        '{"kind": 1}',
        '{"kind": "AudioData"}',
        '{"kind": "AudioData", "audioData": null}',
        '{"kind": "AudioData", "audioData": {"data": null}}',
        '{"kind": "AudioData", "audioData": {"data": "%%%"}}',
        '{"kind": "AudioData", "audioData": {"data": "AAAAé"}}',
        '{"kind": "AudioData", "audioData": {"data": "AA=="}}',
        "[" * 100_000,
    ],
)
def test_a_malformed_frame(frame: str | bytes) -> None:
    """Says why."""
    with pytest.raises(Malformed, match=r"\w"):
        packets.parse(frame)
