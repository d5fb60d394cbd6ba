from typing import Any

import httpx
import pytest

from callscribe.adapters.acs import AcsCallControl
from callscribe.domain.access import Scope
from callscribe.domain.errors import AcsError, AcsNoAnswer, AcsThrottled
from callscribe.ports import AcsCall
from service.placing import MOST_ATTEMPTS
from tests.service.situations import Service, assert_problem

pytestmark = pytest.mark.anyio
ORDER = {"connect": {"roomId": "99445276259151407"}}
NAMED = {"Idempotency-Key": "k"}
TAKEN, ALSO = (AcsCall(f"00000000-0000-0000-0000-00000000000{n}", None, None, "connecting") for n in (1, 2))
NO_ANSWER = AcsNoAnswer(None, None, "no answer in time")
NO_MORE = AcsThrottled(429, None, "too many requests", retry_after=7)


class Acs:
    """Answers one after the other; a request without an answer left over fails the test."""

    def __init__(self, *answers: AcsCall | AcsError) -> None:
        self.answers = list(answers)

    async def carry_out(self, *_: object) -> AcsCall:
        answer = self.answers.pop(0)
        if isinstance(answer, AcsError):
            raise answer
        return answer


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    def answers(*answers: AcsCall | AcsError) -> Acs:
        acs = Acs(*answers)
        monkeypatch.setattr(AcsCallControl, "carry_out", acs.carry_out)
        return acs

    return answers


async def place(client: httpx.AsyncClient, headers: dict[str, str] = NAMED) -> httpx.Response:
    return await client.post("/v1/calls", json=ORDER, headers=headers)


async def calls(client: httpx.AsyncClient) -> list[Any]:
    found: list[Any] = (await client.get("/v1/calls")).json()["items"]
    return found


@pytest.mark.parametrize("header", ["Idempotency-Key", "Repeatability-Request-ID"])
async def test_an_order_whose_end_nobody_saw(
    controller: httpx.AsyncClient, answering: Any, header: str
) -> None:
    """is 504, and asked for again it is the same call, which ACS is not asked for twice."""
    answering(NO_ANSWER)
    assert_problem(await place(controller, {header: "k"}), 504, "acs-no-answer")
    [kept] = await calls(controller)
    again = await place(controller, {header: "k"})
    assert (again.status_code, again.headers["location"]) == (201, f"/v1/calls/{kept['id']}")
    assert again.json() == kept
    assert (await place(controller, {header: "k"})).headers["idempotency-replayed"] == "true"
    assert await calls(controller) == [kept]


async def test_the_same_order_of_somebody_else(
    service: Service, controller: httpx.AsyncClient, answering: Any
) -> None:
    """under the same key, or under no key, is another call."""
    answering(NO_ANSWER, TAKEN, ALSO)
    await place(controller)
    other = await place(await service.client(Scope.CONTROL))
    unnamed = await place(controller, {})
    assert (other.status_code, unnamed.status_code) == (201, 201)
    assert len(await calls(controller)) == 3


async def test_an_order_that_acs_refused_for_now(controller: httpx.AsyncClient, answering: Any) -> None:
    """is tried again as a call of its own when it is asked for again."""
    answering(NO_MORE, NO_MORE, TAKEN)
    assert_problem(await place(controller), 503, "acs-throttled")
    assert_problem(await place(controller), 503, "acs-throttled")
    placed = await place(controller)
    assert (placed.status_code, placed.json()["state"]) == (201, "connecting")
    assert [call["state"] for call in await calls(controller)].count("failed") == 2


async def test_an_order_that_acs_refused_too_often(controller: httpx.AsyncClient, answering: Any) -> None:
    """is not tried again under its key: the call that failed comes back."""
    acs = answering(*[NO_MORE] * MOST_ATTEMPTS, TAKEN)
    for _ in range(MOST_ATTEMPTS):
        assert_problem(await place(controller), 503, "acs-throttled")
    last = await place(controller)
    assert (last.status_code, last.json()["state"]) == (201, "failed")
    assert acs.answers == [TAKEN]
