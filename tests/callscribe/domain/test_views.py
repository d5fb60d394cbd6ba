import inspect

import msgspec
import pytest

from callscribe.domain import views

SHAPES = [
    shape
    for _, shape in inspect.getmembers(views, inspect.isclass)
    if issubclass(shape, views.View) and shape is not views.View
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_public_shape(shape: type[views.View]) -> None:
    """cannot be changed, and its names are camelCase but for ACS's own `participantRawID`."""
    assert shape.__struct_config__.frozen
    for field in msgspec.structs.fields(shape):
        first, *rest = field.name.rstrip("_").split("_")
        camel = first + "".join(word.capitalize() for word in rest)
        assert field.encode_name in (camel, "participantRawID")


def test_a_segment() -> None:
    """shows offsets and durations as strings, exactly, since they exceed what a double holds."""
    segment = views.SegmentView(
        id="s",
        number=1,
        stream="t",
        participant_raw_id="4:+4930123456",
        text="hello",
        start_ms=0,
        started_at="2026-01-01T00:00:00.000Z",
        offset="2516942161212568046",
        words=(views.WordView(text="hello", offset="2516942161212568046", start_ms=0),),
    )
    shown = msgspec.json.decode(msgspec.json.encode(segment))
    assert shown["offset"] == shown["words"][0]["offset"] == "2516942161212568046"
    assert shown["participantRawID"] == "4:+4930123456"
    assert shown["resultStatus"] == "Final"


def test_a_call() -> None:
    """names its caller `from`."""
    transcription = views.TranscriptionView(
        state="inactive", locale="en-US", start_mode="auto", attempts=0, event_seen=False, packet_seen=False
    )
    call = views.CallView(
        id="c",
        direction="incoming",
        state="ringing",
        created_at="…",
        transcription=transcription,
        from_="4:+1",
    )
    assert msgspec.json.decode(msgspec.json.encode(call))["from"] == "4:+1"


def test_an_event() -> None:
    """shows what ACS sent unchanged."""
    event = views.EventView(
        id="e",
        at="…",
        received_at="…",
        type="t",
        source="callback",
        data=msgspec.Raw(b'{"offset":2516942161212568046}'),
    )
    assert b'"data":{"offset":2516942161212568046}' in msgspec.json.encode(event)
