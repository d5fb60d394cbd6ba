"""What the log says, and what it never says."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from callscribe.runtime import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The logging of the test run is as it was before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_a_sentence_and_fields(stream: io.StringIO) -> None:
    """Machines find the sentence, its level, its time and where it came from."""
    logs.configure("json", "INFO", stream)
    structlog.stdlib.get_logger("callscribe.calls").info("A call was answered.", call_id="call_1", attempts=2)

    (line,) = written(stream)
    assert line["event"] == "A call was answered."
    assert (line["call_id"], line["attempts"], line["level"], line["logger"]) == (
        "call_1",
        2,
        "info",
        "callscribe.calls",
    )
    assert line["timestamp"].endswith("Z")


def test_the_standard_library_goes_the_same_way(stream: io.StringIO) -> None:
    """Rooms that know no structlog log with `logging` and `extra`."""
    logs.configure("json", "INFO", stream)
    logging.getLogger("callscribe.actions").warning(
        "A job was given up.", extra={"job_id": "job_1", "text": "hello"}
    )

    (line,) = written(stream)
    assert (line["event"], line["job_id"]) == ("A job was given up.", "job_1")
    assert "text" not in line


def test_a_terminal_gets_readable_lines(stream: io.StringIO) -> None:
    """`auto` looks at the stream."""
    stream.isatty = lambda: True  # type: ignore[method-assign]
    logs.configure("auto", "INFO", stream)
    structlog.stdlib.get_logger("callscribe").info("Ready.", port=8080)

    assert "Ready." in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_a_pipe_gets_json(stream: io.StringIO) -> None:
    """`auto` looks at the stream."""
    logs.configure("auto", "INFO", stream)
    structlog.stdlib.get_logger("callscribe").info("Ready.")

    assert written(stream)[0]["event"] == "Ready."


def test_libraries_are_heard_from_warning_on(stream: io.StringIO) -> None:
    """Frames and headers are on their lower levels, whatever our level."""
    logs.configure("json", "DEBUG", stream)
    for name in (
        "websockets.server",
        "alembic.runtime.migration",
        "uvicorn.access",
        "azure.core.pipeline",
        "httpx",
    ):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("trouble")

    assert [line["event"] for line in written(stream)] == ["trouble"] * 5


def test_configuring_twice_writes_once(stream: io.StringIO) -> None:
    """A second call replaces the first."""
    logs.configure("json", "INFO", io.StringIO())
    logs.configure("json", "INFO", stream)
    structlog.stdlib.get_logger("callscribe").info("Once.")

    assert len(written(stream)) == 1


def test_what_was_said_and_who_said_it_is_dropped(stream: io.StringIO) -> None:
    """At any depth; a marked value is logged, a secret never is."""
    logs.configure("json", "INFO", stream)
    structlog.stdlib.get_logger("callscribe").info(
        "A segment was stored.",
        text="my card number is",
        phone_number="+14255550123",
        segment={"words": ["my"], "offset": 5},
        caller=logs.Shown("+14255550123"),
        password=logs.Shown("hush"),
        Authorization="Bearer abc",
    )

    (line,) = written(stream)
    assert line["segment"] == {"offset": 5}
    assert line["caller"] == "+14255550123"
    assert {"text", "phone_number", "password", "Authorization"}.isdisjoint(line)


def test_fields_of_the_context_are_on_every_line(stream: io.StringIO) -> None:
    """Whoever handles a call need not pass its id along."""
    logs.configure("json", "INFO", stream)
    log = structlog.stdlib.get_logger("callscribe")
    with logs.about(call_id="call_1"):
        log.info("Inside.")
    log.info("Outside.")

    inside, outside = written(stream)
    assert inside["call_id"] == "call_1"
    assert "call_id" not in outside


def test_an_exception_is_told_without_its_secrets(stream: io.StringIO) -> None:
    """The trace is there, the key in its message is not."""
    logs.configure("json", "INFO", stream)
    try:
        raise ValueError("no route for /azure/callbacks/abc-DEF_123 with Bearer eyJabc.def.ghi")
    except ValueError:
        structlog.stdlib.get_logger("callscribe").exception("A request failed.")

    (line,) = written(stream)
    assert "ValueError: no route for /azure/callbacks/…" in line["exception"]
    assert "DEF" not in line["exception"]
    assert "eyJ" not in line["exception"]


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ('"GET /transcripts/abc_DEF-123 HTTP/1.1" 101', '"GET /transcripts/… HTTP/1.1" 101'),
        (
            "POST https://c.example.com/azure/callbacks/k3y?x=1",
            "POST https://c.example.com/azure/callbacks/…?x=1",
        ),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("POST /azure/events?secret=hush&x=1", "POST /azure/events?secret=…&x=1"),
        ("endpoint=https://a.example.com/;accesskey=c2VjcmV0", "endpoint=https://a.example.com/;accesskey=…"),
        ("key callscribe_key0190_abcdefABCDEF0123456789 is unknown", "key callscribe_… is unknown"),
        ("signed with whsec_C2FVsBQIhrscChlQIMV", "signed with whsec_…"),
        ("4:+14255550123 hung up", "4:+… hung up"),
        ("2026-11-20T07:00:00+00:00 took 3 s", "2026-11-20T07:00:00+00:00 took 3 s"),
    ],
)
def test_texts_lose_what_they_must_not_tell(text: str, scrubbed: str) -> None:
    """Capabilities, tokens, keys and numbers; the rest stays readable."""
    assert logs.scrub(text) == scrubbed


@given(
    st.from_regex(r"[A-Za-z0-9_-]{20,43}", fullmatch=True),
    st.sampled_from(["/transcripts/", "/azure/callbacks/"]),
)
def test_no_capability_survives(key: str, path: str) -> None:
    """Whatever key a call has, and twice is as good as once."""
    once = logs.scrub(f"opening wss://c.example.com{path}{key} failed")

    assert once == f"opening wss://c.example.com{path}… failed"
    assert logs.scrub(once) == once
