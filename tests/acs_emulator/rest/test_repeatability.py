import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from acs_emulator.rest.repeatability import MAX_REMEMBERED, NotRepeatable, Remembered, Repeated

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _of(
    repeated: Repeated,
    request_id: str,
    *,
    first_sent: str | None = None,
    path: str = "/calling/callConnections",
    body: bytes = b"{}",
) -> Remembered | None:
    headers = {"repeatability-request-id": request_id}
    if first_sent is not None:
        headers["repeatability-first-sent"] = first_sent
    return repeated.of(headers, "POST", path, body, NOW)


def test_the_same_request_again() -> None:
    """One entry, however the id is written."""
    repeated = Repeated()
    request_id = str(uuid.uuid4())
    sent = format_datetime(NOW - timedelta(minutes=4, seconds=59), usegmt=True)
    first = _of(repeated, request_id, first_sent=sent)
    assert first is not None
    assert _of(repeated, request_id.upper(), first_sent=sent) is first
    assert repeated.of({}, "POST", "/", b"") is None


@pytest.mark.parametrize("change", [{"body": b'{"a": 1}'}, {"path": "/calling/recordings"}])
def test_an_id_used_for_another_request(change: dict[str, object]) -> None:
    """400: neither is answered with the other's result."""
    repeated = Repeated()
    request_id = str(uuid.uuid4())
    _of(repeated, request_id)
    with pytest.raises(NotRepeatable, match="another request") as refused:
        _of(repeated, request_id, **change)  # type: ignore[arg-type]
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("request_id", "first_sent", "status"),
    [
        ("one", None, 400),
        ("61460096-a0cc-4f65-8cec-b61cc24e646c", "yesterday", 400),
        ("61460096-a0cc-4f65-8cec-b61cc24e646c", "Fri, 20 Nov 2026 11:54:59 GMT", 412),
    ],
)
def test_headers_that_cannot_be_honoured(request_id: str, first_sent: str | None, status: int) -> None:
    """400 for what is no id or no date, 412 for what was first sent more than five minutes ago."""
    repeated = Repeated()
    with pytest.raises(NotRepeatable) as refused:
        _of(repeated, request_id, first_sent=first_sent)
    assert refused.value.status == status
    assert len(repeated) == 0


def test_the_oldest_are_forgotten() -> None:
    """There is room for so many and no more."""
    repeated = Repeated()
    oldest = str(uuid.UUID(int=0))
    kept = _of(repeated, oldest)
    for number in range(1, MAX_REMEMBERED + 1):
        _of(repeated, str(uuid.UUID(int=number)))
    assert len(repeated) == MAX_REMEMBERED
    assert _of(repeated, oldest) is not kept
    repeated.clear()
    assert len(repeated) == 0
