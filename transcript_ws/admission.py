"""Who may open a transcript socket: whoever knows a call's key, brings no wrong token and names no other call."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from websockets.datastructures import Headers, MultipleValuesError
from websockets.http11 import Request

from callscribe.actions.ingest import Ingest
from callscribe.domain.errors import SigningKeysUnavailable, StoreUnavailable, Unauthorized
from callscribe.ports import Admission, Tokens
from callscribe.runtime.settings import SocketToken

_PATH = re.compile(r"/transcripts/([A-Za-z0-9_-]{16,128})/?(?:\?.*)?")
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+) *", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A socket that may open, with the ids of ACS's `x-ms-call-*` headers."""

    admission: Admission
    call_connection_id: str | None
    correlation_id: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """`reason` is a label for metrics; `detail` is told to the caller."""

    status: int
    reason: str
    detail: str


NOT_FOUND = Refused(404, "unknown", "there is nothing here")
"""One answer for every path that leads nowhere and every key that is not known."""


@dataclass(frozen=True, slots=True)
class Door:
    """Decides on each opening handshake."""

    ingest: Ingest
    tokens: Tokens
    token: SocketToken
    closing: Callable[[], bool]

    async def decide(self, request: Request) -> Admitted | Refused:
        """Never raises; looks at the token only where the key is known."""
        path = _PATH.fullmatch(request.path)
        if path is None:
            return NOT_FOUND
        if self.closing():
            return Refused(503, "closing", "the server is shutting down; dial again")
        try:
            return await self._decide(path[1], request.headers)
        except MultipleValuesError:
            return Refused(400, "header", "a header that can have one value only is repeated")
        except Unauthorized as fault:
            return Refused(401, "token", fault.detail)
        except SigningKeysUnavailable:
            return Refused(503, "keys", "the keys that sign ACS's tokens cannot be fetched now")
        except StoreUnavailable:
            return Refused(503, "store", "the database is unavailable")

    async def _decide(self, key: str, headers: Headers) -> Admitted | Refused:
        admission = await self.ingest.admit(key)
        if admission is None:
            return NOT_FOUND
        await self._check_token(headers.get("Authorization"))
        connection_id = headers.get("x-ms-call-connection-id")
        if _differ(connection_id, admission.call_connection_id):
            return Refused(403, "call", "x-ms-call-connection-id names another call than the key")
        if self.ingest.full(admission.call_id):
            return Refused(503, "full", "too many sockets are open")
        return Admitted(admission, connection_id or None, headers.get("x-ms-call-correlation-id") or None)

    async def _check_token(self, authorization: str | None) -> None:
        if self.token is SocketToken.OFF:
            return
        if authorization is None:
            if self.token is SocketToken.REQUIRED:
                raise Unauthorized("the socket brings no token of ACS")
            return
        bearer = _BEARER.fullmatch(authorization)
        if bearer is None:
            raise Unauthorized("the Authorization header holds no bearer token")
        await self.tokens.acs(bearer[1])


def _differ(told: str | None, known: str | None) -> bool:
    return bool(told and known) and str(told).casefold() != str(known).casefold()
