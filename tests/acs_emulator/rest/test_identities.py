import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from azure.communication.callautomation import CommunicationUserIdentifier as Callee
from azure.communication.identity import CommunicationIdentityClient, CommunicationUserIdentifier
from azure.communication.identity.aio import CommunicationIdentityClient as AsyncClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from acs_emulator import Emulator
from acs_emulator.entra.tokens import issue

pytestmark = pytest.mark.anyio
VERSION = "api-version=2023-10-01"


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(emulator.url, AzureKeyCredential(emulator.access_key)) as made:
        yield made


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_the_life_of_a_user(emulator: Emulator, client: AsyncClient) -> None:
    """Created, given tokens, deleted: then there is no such user."""
    user = await client.create_user()
    assert user.properties["id"].startswith(f"8:acs:{emulator.resource_id}_")
    token = await client.get_token(user, ["voip"], token_expires_in=timedelta(hours=1))
    claims = _claims(token.token)
    assert claims["skypeid"] == user.properties["id"].removeprefix("8:")
    assert claims["acsScope"] == "voip"
    assert claims["exp"] - claims["iat"] == 3600
    await client.revoke_tokens(user)
    await client.delete_user(user)
    for again in (client.get_token(user, ["voip"]), client.revoke_tokens(user), client.delete_user(user)):
        with pytest.raises(ResourceNotFoundError, match="Provided identity doesn't exist"):
            await again


async def test_the_blocking_client(emulator: Emulator) -> None:
    """The same without asyncio, with a user's token from the first request on, good for a day."""

    def create() -> tuple[CommunicationUserIdentifier, str]:
        with_key = CommunicationIdentityClient(emulator.url, AzureKeyCredential(emulator.access_key))
        user, token = with_key.create_user_and_token(["chat", "voip"])
        with_key.get_token(user, ["chat"])
        with_key.revoke_tokens(user)
        with_key.delete_user(user)
        return user, token.token

    user, token = await asyncio.to_thread(create)
    claims = _claims(token)
    assert claims["acsScope"] == "chat,voip"
    assert claims["exp"] - claims["iat"] == 86400
    assert f"8:{claims['skypeid']}" == user.raw_id


async def test_a_token_that_lives_too_long(client: AsyncClient) -> None:
    """400: a token lives between one hour and a day."""
    with pytest.raises(HttpResponseError) as refused:
        await client.create_user_and_token(["voip"], token_expires_in=timedelta(hours=25))
    assert refused.value.status_code == 400
    with pytest.raises(HttpResponseError) as refused:
        await client.create_user_and_token(["everything"])
    assert refused.value.status_code == 400


async def test_a_user_of_an_earlier_run(emulator: Emulator, client: AsyncClient) -> None:
    """Gets tokens; one of another resource does not."""
    known = CommunicationUserIdentifier(f"8:acs:{emulator.resource_id}_11111111-1111-4111-8111-111111111111")
    assert (await client.get_token(known, ["voip"])).token
    stranger = CommunicationUserIdentifier("8:acs:22222222-2222-4222-8222-222222222222_1")
    with pytest.raises(ResourceNotFoundError):
        await client.get_token(stranger, ["voip"])


async def test_a_user_of_teams(emulator: Emulator, client: AsyncClient) -> None:
    """Exchanges a token of Entra's, whose claims must be those given."""
    entra = issue(emulator.options, emulator.exchange.keys, "https://auth.msft.communication.azure.com").value
    claims = _claims(entra)
    token = await client.get_token_for_teams_user(entra, claims["appid"], claims["oid"])
    assert _claims(token.token)["skypeid"] == f"orgid:{claims['oid']}"
    for refused in (
        client.get_token_for_teams_user(entra, "another application", claims["oid"]),
        client.get_token_for_teams_user("no token", claims["appid"], claims["oid"]),
    ):
        with pytest.raises(ClientAuthenticationError):
            await refused


async def test_the_gate_is_the_same(emulator: Emulator) -> None:
    """No signature, no user; and api-versions are those of identities."""
    async with httpx.AsyncClient(base_url=emulator.url) as http:
        for path in (
            "/identities",
            "/identities/8:acs:a/:issueAccessToken",
            "/teamsUser/:exchangeAccessToken",
        ):
            assert (await http.post(f"{path}?{VERSION}")).status_code == 401
        token = issue(emulator.options, emulator.exchange.keys, "https://communication.azure.com").value
        headers = {"Authorization": f"Bearer {token}"}
        created = await http.post(f"/identities?{VERSION}", headers=headers)
        assert (created.status_code, list(created.json())) == (201, ["identity"])
        wrong = await http.post("/identities?api-version=2026-03-12", headers=headers)
        assert wrong.json()["error"]["code"] == "UnsupportedApiVersion"
        assert (await http.get(f"/identities?{VERSION}", headers=headers)).status_code == 404


async def test_reset_brings_deleted_users_back(world: Any) -> None:
    """As if nothing had ever happened."""
    async with AsyncClient(world.emulator.url, AzureKeyCredential(world.emulator.access_key)) as client:
        user = await client.create_user()
        await client.delete_user(user)
        await world.http.post("/_emulator/reset")
        assert (await client.get_token(user, ["voip"])).token


@pytest.mark.parametrize("expiry", ["soon", None, [], 1e300, -5])
async def test_a_teams_token_that_ends_at_no_time(world: Any, expiry: object) -> None:
    """401 in Azure's shape, as for any other token that is not good."""
    claims = base64.urlsafe_b64encode(json.dumps({"appid": "a", "oid": "b", "exp": expiry}).encode()).decode()
    token = f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims.rstrip('=')}.AAAA"
    bearer = issue(
        world.emulator.options, world.emulator.exchange.keys, "https://communication.azure.com"
    ).value
    refused = await world.http.post(
        f"/teamsUser/:exchangeAccessToken?{VERSION}",
        json={"token": token, "appId": "a", "userId": "b"},
        headers={"Authorization": f"Bearer {bearer}"},
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidToken")


async def test_a_user_made_here_is_called(world: Any) -> None:
    """Rings at the application, which answers on a leg of its own; once deleted they are somebody else's affair."""
    async with AsyncClient(world.emulator.url, AzureKeyCredential(world.emulator.access_key)) as client:
        made = await client.create_user()
        user = Callee(made.properties["id"])
        placed = await world.client.create_call(user, world.callback_url)
        offered = await world.offered(user.raw_id)
        assert offered["to"]["rawId"] == user.raw_id
        answered = await world.answer(offered["incomingCallContext"])
        assert answered != placed.call_connection_id
        for leg in (placed.call_connection_id, answered):
            await world.event("CallConnected", leg)
        await client.delete_user(made)
    again = await world.client.create_call(user, world.callback_url)
    await world.event("CallConnected", again.call_connection_id)
    offers = [one for one in world.receiver.events if one.body[0]["eventType"].endswith("IncomingCall")]
    assert len(offers) == 1
