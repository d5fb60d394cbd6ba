"""Values as HTTP answers: the public shapes as JSON, and the shapes of lists."""

from urllib.parse import urlencode

import msgspec
from fastapi import Request
from starlette.responses import Response

from callscribe.domain.views import CallView, EventView, View


class CallList(View, frozen=True):
    """A page of calls, newest first; `nextCursor` is null on the last page."""

    items: tuple[CallView, ...]
    next_cursor: str | None


class EventList(View, frozen=True):
    """A page of a call's timeline, oldest first; `nextCursor` is null on the last page."""

    items: tuple[EventView, ...]
    next_cursor: str | None


class ErrorView(View, frozen=True):
    """One entry of the catalogue of errors."""

    code: str
    type: str
    """The `type` of the problem: where this entry is read."""
    title: str
    description: str
    status: int
    retryable: bool
    fixer: str
    cause: str
    remedy: str
    acs_code: int | None = None
    """The `code` of ACS's TranscriptionFailed, where the error stands for one."""
    sub_code: int | None = None


class ErrorList(View, frozen=True):
    """The whole catalogue, ordered by code."""

    items: tuple[ErrorView, ...]


class Health(View, frozen=True):
    """`ok`, or `unavailable` with the checks that failed."""

    status: str
    checks: dict[str, bool] = msgspec.field(default_factory=dict)


def as_json(view: View, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(view), status, headers, "application/json")


def page(view: CallList | EventList, request: Request) -> Response:
    """A page with the link to the next (RFC 8288), relative so that it holds behind any proxy."""
    if view.next_cursor is None:
        return as_json(view)
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    following = f"{request.url.path}?{urlencode([*query, ('cursor', view.next_cursor)])}"
    return as_json(view, headers={"Link": f'<{following}>; rel="next"'})
