"""The certificate that clients have to trust."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from acs_emulator.errors import ControlRefused
from acs_emulator.rest.context import TheExchange

router = APIRouter(prefix="/_emulator", tags=["world"])


@router.get("/ca.pem", response_class=Response)
async def ca_certificate(exchange: TheExchange) -> Response:
    """The certificate of the development CA, in PEM; 404 where no TLS is served."""
    if exchange.ca_certificate is None:
        raise ControlRefused(404, "There is no certificate", "the emulator serves no https")
    return Response(exchange.ca_certificate, media_type="application/x-pem-file")
