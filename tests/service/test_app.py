import pytest

from tests.service.situations import Service

pytestmark = pytest.mark.anyio


async def test_a_server_that_starts_and_stops(service: Service) -> None:
    """is told that the application did too."""
    asked = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    told: list[str] = []

    async def receive() -> dict[str, str]:
        return next(asked)

    async def send(message: dict[str, str]) -> None:
        told.append(message["type"])

    await service.app()({"type": "lifespan"}, receive, send)  # type: ignore[arg-type]
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_two_applications_in_one_process(service: Service) -> None:
    """share nothing."""
    first, second = service.app(), service.app()
    assert first.state.edge is not second.state.edge
    assert first.state.edge.streams is not second.state.edge.streams
