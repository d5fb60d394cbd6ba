"""Azure's identity library, unchanged, against the emulator's Entra."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
import pytest
from azure.communication.callautomation import CallAutomationClient, CommunicationUserIdentifier
from azure.communication.callautomation.aio import CallAutomationClient as AsyncClient
from azure.core.credentials import TokenCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ClientAssertionCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
)
from azure.identity.aio import ClientSecretCredential as AsyncSecret
from azure.identity.aio import ManagedIdentityCredential as AsyncManaged

from acs_emulator import Emulator, Options
from acs_emulator.entra.tokens import issue
from acs_emulator.signing import Keys

pytestmark = pytest.mark.anyio
USER = CommunicationUserIdentifier("8:acs:resource_user")
DEVELOPMENT = Options()
SECRET = DEVELOPMENT.client_secret
SCOPE = "https://communication.azure.com//.default"


@pytest.fixture(scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Emulator]:
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    async with Emulator(Options(https_port=0, ca_file=ca_file, ring_seconds=1000)) as running:
        yield running


@pytest.fixture
def trusting(secured: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator, with an environment in which blocking clients trust its CA."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secured.options.ca_file))
    return secured


@pytest.fixture
def managed(trusting: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    monkeypatch.setenv("IDENTITY_ENDPOINT", trusting.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", trusting.options.identity_header)
    return trusting


def _secret(emulator: Emulator, secret: str = SECRET, **changes: str) -> ClientSecretCredential:
    given = {"tenant_id": DEVELOPMENT.tenant_id, "client_id": DEVELOPMENT.client_id, **changes}
    return ClientSecretCredential(
        client_secret=secret,
        authority=str(emulator.https_url),
        disable_instance_discovery=True,
        **given,
    )


def _place(emulator: Emulator, credential: TokenCredential) -> str:
    with CallAutomationClient(str(emulator.https_url), credential) as client:
        return str(client.create_call(USER, f"{emulator.url}/nowhere").call_connection_state)


def _asynchronous(emulator: Emulator, credential: AsyncTokenCredential) -> AsyncClient:
    """aiohttp reads the environment once, when it is loaded; so it is told what to trust."""
    return AsyncClient(str(emulator.https_url), credential, connection_verify=str(emulator.options.ca_file))


async def test_a_client_secret(trusting: Emulator) -> None:
    """Blocking and asynchronous clients place calls with it, over TLS."""
    assert await asyncio.to_thread(_place, trusting, _secret(trusting)) == "connecting"
    async with (
        AsyncSecret(
            DEVELOPMENT.tenant_id,
            DEVELOPMENT.client_id,
            SECRET,
            authority=str(trusting.https_url),
            disable_instance_discovery=True,
            connection_verify=str(trusting.options.ca_file),
        ) as credential,
        _asynchronous(trusting, credential) as client,
    ):
        placed = await client.create_call(USER, f"{trusting.url}/nowhere")
        assert placed.call_connection_state == "connecting"


async def test_a_managed_identity(managed: Emulator) -> None:
    """Nothing but the environment of App Service; also for DefaultAzureCredential, with nothing configured."""
    assert await asyncio.to_thread(_place, managed, ManagedIdentityCredential()) == "connecting"
    assert await asyncio.to_thread(_place, managed, DefaultAzureCredential()) == "connecting"
    async with AsyncManaged() as credential, _asynchronous(managed, credential) as client:
        placed = await client.create_call(USER, f"{managed.url}/nowhere")
        assert placed.call_connection_state == "connecting"


async def test_a_managed_identity_of_a_virtual_machine(
    trusting: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the environment leads the library away from the address that only Azure has."""
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", trusting.url)
    assert await asyncio.to_thread(_place, trusting, ManagedIdentityCredential()) == "connecting"


async def test_a_client_assertion(trusting: Emulator) -> None:
    """Any token that is in its time; another one is refused."""

    def with_expiry(seconds: int) -> ClientAssertionCredential:
        claims = {"sub": "workload", "exp": int(time.time()) + seconds}
        return ClientAssertionCredential(
            DEVELOPMENT.tenant_id,
            DEVELOPMENT.client_id,
            lambda: jwt.encode(claims, "any key at all, of at least 32 bytes"),
            authority=str(trusting.https_url),
            disable_instance_discovery=True,
        )

    assert await asyncio.to_thread(_place, trusting, with_expiry(600)) == "connecting"
    with pytest.raises(ClientAuthenticationError, match="AADSTS700024"):
        await asyncio.to_thread(with_expiry(-600).get_token, SCOPE)


async def test_a_wrong_secret(trusting: Emulator) -> None:
    """The library raises what it raises at Entra's answer."""
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215: Invalid client secret provided"):
        await asyncio.to_thread(_secret(trusting, "wrong").get_token, SCOPE)
    other = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        await asyncio.to_thread(_secret(trusting, client_id=other).get_token, SCOPE)
    with pytest.raises(ClientAuthenticationError, match="tenant"):
        await asyncio.to_thread(_secret(trusting, tenant_id=other).get_token, SCOPE)


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://communication.azure.com"}, 400, "invalid_scope", 1002012),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, 401, "invalid_client", 50027),
    ],
)  # fmt: skip
async def test_refusals(
    secured: Emulator, change: dict[str, str], status: int, error: str, code: int
) -> None:
    """OAuth's error with Entra's code, for clients that read them."""
    form = {
        "grant_type": "client_credentials",
        "client_id": DEVELOPMENT.client_id,
        "client_secret": SECRET,
        "scope": SCOPE,
        **change,
    }
    response = await _ask(secured, form)
    said = response.json()
    assert (response.status_code, said["error"], said["error_codes"]) == (status, error, [code])
    assert said["error_description"].startswith(f"AADSTS{code}: ")
    assert said["trace_id"] in said["error_description"]


async def test_no_credential_at_all(secured: Emulator) -> None:
    """Told apart from a wrong one."""
    form = {"grant_type": "client_credentials", "client_id": DEVELOPMENT.client_id, "scope": SCOPE}
    assert (await _ask(secured, form)).json()["error_codes"] == [7000218]
    assert (await _ask(secured, form, tenant="elsewhere")).json()["error_codes"] == [90002]


async def _ask(
    emulator: Emulator, form: dict[str, str], tenant: str = DEVELOPMENT.tenant_id
) -> httpx.Response:
    async with httpx.AsyncClient(base_url=emulator.url) as http:
        return await http.post(
            f"/{tenant}/oauth2/v2.0/token",
            content=urlencode(form),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )


async def test_discovery(secured: Emulator) -> None:
    """A tenant's endpoints, and the keys by which its tokens are verified."""
    async with httpx.AsyncClient(base_url=secured.url) as http:
        instance = (await http.get("/common/discovery/instance")).json()
        shown = (await http.get(instance["tenant_discovery_endpoint"])).json()
        [key] = (await http.get(shown["jwks_uri"])).json()["keys"]
        assert (await http.get("/nobody/v2.0/.well-known/openid-configuration")).status_code == 400
    assert shown["token_endpoint"] == f"{secured.url}/{DEVELOPMENT.tenant_id}/oauth2/v2.0/token"
    token = issue(DEVELOPMENT, secured.exchange.keys, "https://communication.azure.com").value
    verified = jwt.decode(
        token, jwt.PyJWK(key).key, algorithms=["RS256"], audience="https://communication.azure.com"
    )
    assert verified["tid"] == DEVELOPMENT.tenant_id


async def test_a_managed_identity_asked_wrongly(secured: Emulator) -> None:
    """No token without the header, none without a resource."""
    header = {"X-IDENTITY-HEADER": DEVELOPMENT.identity_header}
    endpoint, resource = secured.identity_endpoint, {"resource": "https://communication.azure.com/"}
    async with httpx.AsyncClient() as http:
        assert (await http.get(endpoint, params=resource)).status_code == 401
        assert (await http.get(endpoint, headers=header)).status_code == 400
        virtual_machine = f"{secured.url}/metadata/identity/oauth2/token"
        assert (await http.get(virtual_machine, params=resource)).status_code == 400
        assert (await http.get(endpoint, params=resource, headers=header)).status_code == 200


def _other_key(emulator: Emulator) -> str:
    keys = Keys("issuer", "audience")
    keys.key_id = emulator.exchange.keys.key_id
    return issue(DEVELOPMENT, keys, "https://communication.azure.com").value


def _stale(emulator: Emulator) -> str:
    return emulator.exchange.keys.sign({"aud": "https://communication.azure.com", "exp": 1})


def _other_audience(emulator: Emulator) -> str:
    return issue(DEVELOPMENT, emulator.exchange.keys, "https://graph.microsoft.com").value


def _of_a_callback(emulator: Emulator) -> str:
    return emulator.exchange.keys.authorization(300)["Authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize("token", [_other_key, _stale, _other_audience, _of_a_callback, lambda _: "nonsense"])
async def test_a_token_that_is_not_good(secured: Emulator, token: Any) -> None:
    """401 in Azure's shape: signature, expiry and audience count."""
    path = "/calling/callConnections/1?api-version=2026-03-12"
    async with httpx.AsyncClient(base_url=secured.url) as http:
        response = await http.get(path, headers={"Authorization": f"Bearer {token(secured)}"})
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "Denied"
        good = issue(DEVELOPMENT, secured.exchange.keys, "https://communication.azure.com").value
        passed = await http.get(path, headers={"Authorization": f"Bearer {good}"})
        assert passed.status_code == 404
