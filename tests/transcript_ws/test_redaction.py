import logging

import pytest

from tests.transcript_ws.world import KEY, World, said
from transcript_ws.redaction import library_logger

pytestmark = pytest.mark.anyio


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def test_key_in_a_message(log: pytest.LogCaptureFixture) -> None:
    """It is replaced, in the text and among its arguments."""
    library_logger().warning("GET /transcripts/%s?x=1 failed", KEY)
    assert log.messages == ["GET /transcripts/…?x=1 failed"]


def test_other_secrets_in_a_message(log: pytest.LogCaptureFixture) -> None:
    """Whatever the process's own log hides is hidden here as well."""
    library_logger().warning("Authorization: Bearer %s from %s", "abc.def", "+4930123456")
    assert log.messages == ["Authorization: Bearer … from +…"]


def test_key_in_a_traceback(log: pytest.LogCaptureFixture) -> None:
    """The traceback becomes part of the message, without the key."""
    try:
        raise ValueError(f"bad request line: GET /transcripts/{KEY} HTTP/1.1")
    except ValueError:
        library_logger().exception("handshake failed", extra={"websocket": object()})
    [record] = log.records
    assert "ValueError: bad request line: GET /transcripts/… HTTP/1.1" in record.getMessage()
    assert record.exc_info is None
    assert not hasattr(record, "websocket")


def test_exception_that_is_not_there(log: pytest.LogCaptureFixture) -> None:
    """A message with `exc_info` outside of a handler stays as it is."""
    library_logger().error("failed", exc_info=True)
    assert log.messages == ["failed"]


def test_logger_is_made_once() -> None:
    """Asking again adds no second filter."""
    assert library_logger().filters == library_logger().filters
    assert len(library_logger().filters) == 1


async def test_nothing_that_comes_in_is_logged(world: World, log: pytest.LogCaptureFixture) -> None:
    """Neither keys nor tokens nor words, whatever level the process logs at."""
    await world.has_call()
    await world.say(said("secret", 1), said("secret", 2)[:-5])
    async with world.dial(Authorization="Bearer eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"):
        pass
    server_side = [
        record for record in log.records if record.name.startswith(("transcript_ws", "callscribe"))
    ]
    text = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in server_side)
    assert KEY not in text
    assert "secret" not in text
    assert "eyJ" not in text
