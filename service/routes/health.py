"""Whether the process lives and is ready, and its metrics; open to whoever reaches the port."""

from fastapi import APIRouter
from starlette.responses import Response

from callscribe.runtime.telemetry import CONTENT_TYPE
from service import examples
from service.answers import Health, as_json
from service.edge import AtEdge
from service.openapi import described, json_of

router = APIRouter(tags=["operation"])


@router.get(
    "/healthz",
    operation_id="health",
    summary="Whether the process lives",
    **described({200: ("Alive.", json_of(Health, {"status": "ok", "checks": {}}))}, guarded=False),
)
async def health() -> Response:
    """Asks nothing else: a database that is away is no reason to restart."""
    return as_json(Health("ok"))


@router.get(
    "/readyz",
    operation_id="readiness",
    summary="Whether the process takes requests",
    **described(
        {
            200: (
                "Ready.",
                json_of(Health, {"status": "ok", "checks": {"running": True, "store": True, "bus": True}}),
            ),
            503: (
                "A check failed, or the process is stopping.",
                json_of(
                    Health,
                    {"status": "unavailable", "checks": {"running": True, "store": False, "bus": True}},
                ),
            ),
        },
        guarded=False,
    ),
)
async def readiness(edge: AtEdge) -> Response:
    """Names each thing that is needed and whether it answers."""
    checks = {"running": not edge.stop.is_set(), **await edge.ready()}
    healthy = all(checks.values())
    return as_json(Health("ok" if healthy else "unavailable", checks), 200 if healthy else 503)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    **described(
        {200: ("The metrics.", {"text/plain": {"schema": {"type": "string"}, "example": examples.METRICS}})},
        guarded=False,
    ),
)
async def metrics(edge: AtEdge) -> Response:
    """No label holds a call, a number or a word spoken."""
    return Response(edge.metrics(), headers={"Content-Type": CONTENT_TYPE})
