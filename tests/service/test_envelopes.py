import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.actions.inbox import Aside
from callscribe.domain.errors import MalformedBody
from callscribe.domain.events import Envelope
from service.envelopes import MOST_ITEMS, opened

NOW = 1_700_000_000_000
CLOUD = {
    "id": "1",
    "source": "calling/callConnections/a",
    "type": "Microsoft.Communication.CallConnected",
    "specversion": "1.0",
    "time": "2025-09-11T19:14:11.8932953+00:00",
    "subject": "calling/callConnections/a",
    "datacontenttype": "application/json",
    "data": {"offset": 2516942161212568046},
}
GRID = {
    "id": "2",
    "topic": "/subscriptions/s",
    "subject": "/caller/a/recipient/b",
    "data": {"x": None},
    "eventType": "Microsoft.Communication.IncomingCall",
    "eventTime": "2021-07-27T15:20:34.2199328Z",
    "dataVersion": "1.0",
    "metadataVersion": "1",
}
GOLDEN = Path(__file__).parents[1] / "golden" / "acs" / "events.jsonl"


def sent(value: Any, **headers: str) -> list[Envelope | Aside]:
    return opened(json.dumps(value).encode(), headers, NOW)


def changed(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The event with other fields; None removes one."""
    merged = event | fields
    return {name: value for name, value in merged.items() if value is not None}


def test_a_cloud_event() -> None:
    """is opened with its data exact and its time to the ms."""
    assert sent(CLOUD) == [
        Envelope(
            id="1",
            type="Microsoft.Communication.CallConnected",
            source="calling/callConnections/a",
            subject="calling/callConnections/a",
            time=1757618051893,
            data={"offset": 2516942161212568046},
        )
    ]


def test_an_event_grid_event() -> None:
    """is opened to the same shape: its topic is the source."""
    [event] = sent([GRID])
    assert isinstance(event, Envelope)
    assert (event.id, event.source, event.subject) == ("2", "/subscriptions/s", "/caller/a/recipient/b")
    assert (event.type, event.time) == ("Microsoft.Communication.IncomingCall", 1627399234219)
    assert event.data == {"x": None}


def test_a_batch_of_both_schemas() -> None:
    """is opened in order."""
    assert [event.id for event in sent([CLOUD, GRID, CLOUD]) if isinstance(event, Envelope)] == [
        "1",
        "2",
        "1",
    ]


def test_an_empty_batch() -> None:
    """holds nothing."""
    assert sent([]) == []


def test_the_misspelt_attribute_of_an_official_example() -> None:
    """is taken as what it means."""
    [event] = sent(changed(CLOUD, specversion=None, specVersion="1.0"))
    assert isinstance(event, Envelope)


def test_a_time_with_another_offset() -> None:
    """is read exactly, which azure-core does not."""
    [event] = sent(changed(CLOUD, time="2025-01-01T05:30:00+05:30"))
    assert isinstance(event, Envelope)
    assert event.time == 1735689600000


def test_a_cloud_event_without_what_is_optional() -> None:
    """gets the time of its arrival."""
    [event] = sent(changed(CLOUD, time=None, subject=None, data=None, datacontenttype=None))
    assert isinstance(event, Envelope)
    assert (event.time, event.subject, event.data) == (NOW, "", None)


def test_data_in_base64() -> None:
    """is read as the JSON it holds."""
    [event] = sent(changed(CLOUD, data=None, data_base64="eyJhIjoxfQ=="))
    assert isinstance(event, Envelope)
    assert event.data == {"a": 1}


def test_a_cloud_event_in_binary_mode() -> None:
    """has its attributes in headers and its data as body."""
    headers = {f"ce-{name}": CLOUD[name] for name in ("id", "source", "type", "specversion", "time")}
    [event] = sent({"a": 1}, **headers)
    assert isinstance(event, Envelope)
    assert (event.id, event.data, event.time) == ("1", {"a": 1}, 1757618051893)
    [empty] = opened(b"", headers, NOW)
    assert isinstance(empty, Envelope)
    [aside] = sent({"a": 1}, **(headers | {"ce-specversion": "0.3"}))
    assert isinstance(aside, Aside)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (5, "expected an object"),
        (None, "expected an object"),
        ([CLOUD], "expected an object"),
        ({}, "id is missing or no text"),
        (changed(CLOUD, id=""), "id is missing or no text"),
        (changed(CLOUD, id=5), "id is missing or no text"),
        (changed(CLOUD, type=["x"]), "type is missing or no text"),
        (changed(CLOUD, source=None), "source is missing or no text"),
        (changed(CLOUD, subject=5), "subject is missing or no text"),
        (changed(CLOUD, id="x" * 2049), "id is longer than 2048 characters"),
        (changed(CLOUD, specversion="0.3"), "specversion is not 1.0"),
        (changed(CLOUD, specversion=1.0), "specversion is missing or no text"),
        (changed(CLOUD, time="yesterday"), "the event's time is not in the form of RFC 3339"),
        (
            changed(CLOUD, Odd_Name="x"),
            "not a CloudEvent: an extension's name or the encoding of data is wrong",
        ),
        (
            changed(CLOUD, data_base64="eyJ9"),
            "not a CloudEvent: an extension's name or the encoding of data is wrong",
        ),
        (
            changed(CLOUD, data=None, data_base64=7),
            "not a CloudEvent: an extension's name or the encoding of data is wrong",
        ),
        (changed(CLOUD, data=None, data_base64="AAAA"), "data is not JSON"),
        (changed(GRID, eventTime=None), "eventTime is missing or no text"),
        (changed(GRID, eventTime="now"), "the event's time is not in the form of RFC 3339"),
        (changed(GRID, eventType={}), "eventType is missing or no text"),
        (changed(GRID, data=None), "data is missing"),
    ],
)
def test_an_item_that_is_no_event(event: Any, reason: str) -> None:
    """is put aside as it came, with a reason that tells nothing of it; its neighbours are opened."""
    before, aside, after = sent([CLOUD, event, GRID])
    assert isinstance(before, Envelope)
    assert isinstance(after, Envelope)
    assert isinstance(aside, Aside)
    assert (aside.reason, json.loads(aside.raw)) == (reason, event)


@pytest.mark.parametrize("name", ["event_time", "EventTime", "eventtime", "ID", "Data", "metadata_version"])
def test_an_event_grid_event_with_a_member_spelt_otherwise(name: str) -> None:
    """is opened as if the member were not there."""
    before, event, after = sent([CLOUD, GRID | {name: 5}, GRID])
    assert event == after
    assert isinstance(before, Envelope)


@pytest.mark.parametrize(
    "item",
    [b'{"id": 1e999}', b'{"id": ' + b"9" * 5000 + b"}", b'{"id": "\xff"}', b'"\xff"', b"1e999"],
    ids=lambda item: repr(item[:14]),
)
def test_an_item_that_cannot_be_read(item: bytes) -> None:
    """is put aside as it came; its neighbours are opened. Alone it is refused."""
    good = json.dumps(GRID).encode()
    before, aside, after = opened(b"[" + b", ".join([good, item, good]) + b"]", {}, NOW)
    assert isinstance(before, Envelope)
    assert before == after
    assert aside == Aside(reason="not valid JSON in UTF-8", raw=item)
    with pytest.raises(MalformedBody):
        opened(item, {}, NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b"[{}",
        b"[1,]",
        b"5",
        b'"event"',
        b"null",
        b"<html>",
        b"\xff\xfe",
        b'{"id": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"{}," * MOST_ITEMS + b"{}]",
    ],
    ids=lambda body: repr(body[:8]),
)
def test_a_body_that_cannot_be_read(body: bytes) -> None:
    """is refused as a whole."""
    with pytest.raises(MalformedBody):
        opened(body, {}, NOW)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from([*CLOUD, *GRID, "data_base64", "ext"]),
        JSON_VALUES | st.sampled_from(list(CLOUD.values())),
    )
)
def test_any_object(event: dict[str, Any]) -> None:
    """is opened or put aside."""
    [item] = sent([event])
    assert isinstance(item, Envelope | Aside)


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    """are opened, or refused as unreadable."""
    with suppress(MalformedBody):
        opened(body, {}, NOW)


GOLDENS = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
WHOLE = [golden["event"] for golden in GOLDENS if golden["schema"] not in ("incomingcall-data", "partial")]


@pytest.mark.parametrize("event", WHOLE, ids=lambda event: str(event)[:30])
def test_an_event_that_azure_sent(event: Any) -> None:
    """is opened with its data untouched."""
    items = sent(event)
    assert [item.data for item in items if isinstance(item, Envelope)] == [
        one["data"] for one in (event if isinstance(event, list) else [event])
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"Ada \ud83d", "Ada \ufffd"),
        (r"\ude00 Ada", "\ufffd Ada"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"a\\ud83d", r"a\ud83d"),
    ],
    ids=["a name cut within an emoji", "its other half", "a whole emoji", "a backslash and letters"],
)
def test_half_a_character_does_not_spoil_the_event(written: str, read: str) -> None:
    """JavaScript writes half a surrogate pair as it is; it is read as U+FFFD, and nothing else changes."""
    body = json.dumps(CLOUD | {"data": {"name": "NAME"}}).replace("NAME", written).encode()
    [event] = opened(b"[" + body + b"]", {}, NOW)
    assert isinstance(event, Envelope)
    assert event.data["name"] == read
