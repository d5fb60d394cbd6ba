"""Changes are pushed onwards: signed webhooks, and CloudEvents to an Event Grid topic."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.callscribe.http_receiver import Received, Receiver, Reply, receiver
from tests.journeys.conftest import House, open_house

pytestmark = pytest.mark.anyio

SECRET = "whsec_" + base64.b64encode(b"a webhook secret of enough bytes").decode()
TEXTS = ["First line.", "Second line.", "Third line."]


@pytest.fixture(scope="module")
async def target() -> AsyncIterator[Receiver]:
    async with receiver() as opened:
        yield opened


@pytest.fixture(scope="module")
async def house(target: Receiver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("push")
    settings = {
        "CALLSCRIBE_WEBHOOK_URL": f"{target.url}/hook",
        "CALLSCRIBE_WEBHOOK_SECRET": SECRET,
    }
    async with open_house("onebox", folder, "", **settings) as opened:
        yield opened


async def test_everything_committed_arrives_once_signed_and_in_order(house: House, target: Receiver) -> None:
    """A refusal in the middle costs time, not order: every final segment and every change of the call."""
    refused = False

    def answer(received: Received) -> Reply:
        nonlocal refused
        if b"Second line." in received.body and not refused:
            refused = True
            return Reply(status=503, headers={"Retry-After": "0"})
        return Reply()

    target.answer = answer
    dialled = await house.dial_in([{"text": text, "seconds": 1} for text in TEXTS])
    call = await house.call_of(dialled)
    await house.reaches(call["id"], "disconnected")
    whole = (await house.transcript(call["id"]))["lastChange"]
    signer = Webhook(SECRET)
    accepted: dict[str, dict[str, object]] = {}

    async def all_there() -> bool:
        for received in target.requests:
            payload = signer.verify(received.body, dict(received.headers))
            accepted[received.headers["webhook-id"]] = payload["data"]
        return len(accepted) >= whole

    await house.until(all_there, "everything was pushed")
    assert refused
    mine = [data for data in accepted.values() if data["callId"] == call["id"]]
    assert [data["number"] for data in mine] == list(range(1, whole + 1))
    said = [data["segment"]["text"] for data in mine if "segment" in data]  # type: ignore[index]
    assert said == TEXTS
