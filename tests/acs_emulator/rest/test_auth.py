import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from acs_emulator.rest.auth import Unauthorized, check

KEY = base64.b64encode(b"k" * 32).decode()
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _headers(
    path: str = "/calling/callConnections",
    *,
    query: str = "api-version=2026-03-12",
    body: bytes = b"{}",
    host: str = "127.0.0.1:8090",
    signed_host: str | None = None,
    key: str = KEY,
    date: datetime = NOW,
) -> dict[str, str]:
    sent = format_datetime(date, usegmt=True)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    signed = f"POST\n{path}?{query}\n{sent};{signed_host or host};{digest}".encode()
    signature = base64.b64encode(hmac.digest(base64.b64decode(key), signed, "sha256")).decode()
    return {
        "host": host,
        "x-ms-date": sent,
        "x-ms-content-sha256": digest,
        "authorization": f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}",
    }


def _check(
    headers: dict[str, str],
    path: str = "/calling/callConnections",
    body: bytes = b"{}",
    query: str = "api-version=2026-03-12",
) -> None:
    check(
        access_key=KEY,
        method="POST",
        raw_path=path,
        query=query,
        headers=headers,
        body=body,
        now=NOW,
    )


def test_a_signed_request_passes() -> None:
    """With the Host header as it is, and with the slash that Python's client signs after it."""
    _check(_headers())
    _check(_headers(signed_host="127.0.0.1:8090/"))


def test_a_participant_sent_raw_and_signed_encoded_passes() -> None:
    """Appendix C of the protocol: asynchronous Python clients do this."""
    signed = "/calling/callConnections/1/participants/4%3A%2B15551230001"
    _check(_headers(signed), path="/calling/callConnections/1/participants/4:+15551230001")


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        ("localhost:8443", "localhost"),
        ("localhost", "localhost:443"),
        ("localhost", "localhost:443/"),
        ("localhost", "localhost:80"),
        ("[::1]:8443", "[::1]"),
    ],
)
def test_a_host_signed_otherwise_than_sent(sent: str, signed: str) -> None:
    """Java never signs a port; Python signs the scheme's own, which is then not sent."""
    _check(_headers(host=sent, signed_host=signed))


def test_the_resource_of_a_recording() -> None:
    """A request to the host of recordings is signed for the resource, which it names."""
    headers = _headers(host="us-storage.asm.skype.com", signed_host="localhost:8443")
    with pytest.raises(Unauthorized):
        _check(headers)
    _check({**headers, "x-ms-host": "localhost:8443"})


def test_a_path_signed_decoded_passes() -> None:
    """As some clients do with characters that need no escape."""
    sent = "/calling/recordings/a%3Ab"
    _check(_headers("/calling/recordings/a:b"), path=sent)


def test_a_query_signed_as_a_form_passes() -> None:
    """JavaScript signs the query as it would send a form."""
    sent = "api-version=2026-03-12&next=a%20b:c"
    _check(_headers(query="api-version=2026-03-12&next=a+b%3Ac"), query=sent)


def test_names_of_any_case_pass() -> None:
    """Of the scheme and of the signed headers; and the date under its older name."""
    headers = _headers()
    written = headers["authorization"].replace("HMAC-SHA256", "hmac-sha256").replace("x-ms-date", "X-MS-Date")
    _check({**headers, "authorization": written})
    older = headers["authorization"].replace("x-ms-date", "date")
    _check({**headers, "authorization": older, "date": headers["x-ms-date"], "x-ms-date": ""})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"authorization": ""}, "no Authorization"),
        ({"authorization": "Basic abc"}, "is neither 'HMAC"),
        ({"x-ms-date": ""}, "x-ms-date is missing"),
        ({"x-ms-date": "Fri, 20 Nov 2026 11:54:59 GMT"}, "more than five minutes"),
        ({"x-ms-content-sha256": "wrong"}, "hash of the body"),
        ({"host": "elsewhere:1"}, "signature does not match"),
    ],
)
def test_a_request_signed_otherwise(change: dict[str, str], says: str) -> None:
    """Every part that is signed counts."""
    with pytest.raises(Unauthorized, match=says):
        _check({**_headers(), **change})


def test_another_body_or_key_or_path() -> None:
    """None of them passes with the signature of the other."""
    with pytest.raises(Unauthorized, match="hash"):
        _check(_headers(), body=b'{"a":1}')
    with pytest.raises(Unauthorized, match="signature"):
        _check(_headers(key=base64.b64encode(b"x" * 32).decode()))
    with pytest.raises(Unauthorized, match="signature"):
        _check(_headers(), path="/calling/recordings")


def test_a_date_within_five_minutes() -> None:
    """Clocks differ."""
    _check(_headers(date=NOW - timedelta(minutes=4, seconds=59)))
    _check(_headers(date=NOW + timedelta(minutes=4, seconds=59)))
