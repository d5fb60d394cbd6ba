"""The client of the API."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from callscribe.cli.emulator import Emulator
from callscribe.cli.service import Service
from callscribe.cli.trouble import Trouble

ANSWERS = {
    "/readyz": (503, b"{}"),
    "/v1/calls": (200, b'{"items": [{"id": "call_2"}, {"id": "call_1"}]}'),
    "/v1/calls/call_1/transcript": (404, b'{"detail":\n"no such call"}'),
    "/v1/calls/call_1/transcript/stream": (
        200,
        b': ping\n\nevent: segment\nid: 3\ndata: {"text": "Hi."}\n\nevent: call\ndata: {"state": "disconnected"}\n\n',
    ),
    "/v1/calls/call_2/transcript/stream": (
        403,
        b'{"title": "Not allowed", "detail": "this key may not read", "remedy": "Use another key."}',
    ),
    "/_emulator/calls": (422, b'{"detail": "the dialogue is wrong"}'),
    "/_emulator/event-subscriptions": (424, b"no JSON"),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path.partition("?")[0]]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """A server that gives the answers above."""
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def service(url: str) -> Iterator[Service]:
    with Service(url, "key") as service:
        yield service


def test_calls_come_newest_first(service: Service) -> None:
    """As the API lists them."""
    assert service.calls() == ["call_2", "call_1"]


def test_a_service_that_is_not_ready_is_not_ready(service: Service) -> None:
    """Any other answer than success."""
    assert not service.is_ready()


def test_a_service_that_does_not_run_is_not_ready() -> None:
    """Nobody listens on port 1."""
    with Service("http://127.0.0.1:1") as nobody:
        assert not nobody.is_ready()
        with pytest.raises(Trouble, match="does not answer"):
            nobody.calls()


def test_a_refusal_is_told_on_one_line(service: Service) -> None:
    """With what was asked, the status and what the service said."""
    with pytest.raises(Trouble, match=r"^GET .*/transcript answered 404: .*no such call\"}$"):
        service.transcript("call_1")


def test_a_stream_gives_kinds_and_bodies(service: Service) -> None:
    """And asks for every line whether all is well."""
    asked: list[None] = []

    assert list(service.follow("call_1", lambda: asked.append(None))) == [
        ("segment", {"text": "Hi."}),
        ("call", {"state": "disconnected"}),
    ]
    assert asked


def test_a_stream_that_is_refused_is_trouble(service: Service) -> None:
    """Not an empty one."""
    with pytest.raises(Trouble, match=r"403: Not allowed: this key may not read\. Use another key\.$"):
        list(service.follow("call_2", lambda: None))


def test_what_goes_wrong_elsewhere_ends_a_stream(service: Service) -> None:
    """A program that has ended is found out at the next line."""

    def dead() -> None:
        raise Trouble("onebox ended by itself")

    with pytest.raises(Trouble, match="onebox ended"):
        list(service.follow("call_1", dead))


def test_the_emulators_refusals_are_told(url: str) -> None:
    """In its own words where it has some."""
    with Emulator(url) as emulator:
        with pytest.raises(Trouble, match="The emulator refused: the dialogue is wrong"):
            emulator.dial_in("+14255550123", "+18005550199", {})
        with pytest.raises(Trouble, match="The emulator refused: 424 no JSON"):
            emulator.subscribe("http://127.0.0.1:1/azure/events")
