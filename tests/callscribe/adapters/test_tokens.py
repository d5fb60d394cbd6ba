"""Real keys, a real key set over HTTP, and every way in which a token can be wrong."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time
from typing import Any

import anyio
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.keyset import COOL_DOWN_S, FRESH_S, KeySet, KeySetUnavailable
from callscribe.adapters.tokens import EVENT_GRID_APP_ID, JwtTokens, Trust, _key_id, entra
from callscribe.domain.errors import SigningKeysUnavailable, Unauthorized
from tests.callscribe.http_receiver import Receiver, Reply, receiver

pytestmark = pytest.mark.anyio

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RESOURCE = "0d3c8f5e-46a2-4d0e-8c52-4f8f7a5c1b11"
ISSUER = "https://issuer.test"


def public(key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": key_id, "use": "sig"}


def key_set(**keys: rsa.RSAPrivateKey) -> Reply:
    return Reply(200, {"keys": [public(key, key_id) for key_id, key in keys.items()]})


def token(key: Any = KEY, *, kid: str | None = "k1", algorithm: str = "RS256", **claims: Any) -> str:
    """A token that ACS could have sent, but for what is given; a claim of None is left out."""
    now = int(time())
    body = {"iss": ISSUER, "aud": RESOURCE, "nbf": now - 5, "exp": now + 3600, "sub": "someone", **claims}
    body = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(body, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


@asynccontextmanager
async def checking(**trusts: Any) -> AsyncIterator[tuple[JwtTokens, Receiver]]:
    async with receiver() as server, httpx.AsyncClient() as http:
        server.default = key_set(k1=KEY)
        trust = Trust((ISSUER,), (RESOURCE,), f"{server.url}/keys")
        settings = {name: trust if wanted is True else wanted for name, wanted in trusts.items()}
        yield JwtTokens(http, **settings), server


async def refusal(sent: str) -> str:
    async with checking(acs=True) as (tokens, _):
        with pytest.raises(Unauthorized) as refused:
            await tokens.acs(sent)
        return refused.value.detail


async def test_a_token_of_acs() -> None:
    """A right one passes, and the key set is asked once however many tokens come, all at once too."""
    async with checking(acs=True) as (tokens, server):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(tokens.acs, token())
        await tokens.acs(token())
        assert len(server.requests) == 1


async def test_clocks_that_differ_a_little() -> None:
    """Up to a minute of difference is borne."""
    async with checking(acs=True) as (tokens, _):
        await tokens.acs(token(exp=int(time()) - 50))
        await tokens.acs(token(nbf=int(time()) + 50))


def hmac_with_the_public_key() -> str:
    """The classic forgery: the public key, which everybody knows, taken for a shared secret."""
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [{"alg": "HS256", "kid": "k1"}, {"iss": ISSUER, "aud": RESOURCE, "exp": int(time()) + 300}]
    signed = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    )
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(mac.sign(signed.encode(), pem)).decode().rstrip("=")
    return f"{signed}.{signature}"


def tampered() -> str:
    head, body, signature = token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "root"}).encode()).decode().rstrip("=")
    return f"{head}.{forged}.{signature}"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (token(None, algorithm="none"), "not signed with RS256"),
        (hmac_with_the_public_key(), "not signed with RS256"),
        (token(algorithm="RS512"), "not signed with RS256"),
        (token(kid=None), "does not name its key"),
        (token(kid="k9"), "a key that its issuer does not publish"),
        (token(OTHER), "signature is wrong"),
        (tampered(), "signature is wrong"),
        (token(iss="https://elsewhere.test"), "another issuer"),
        (token(aud="another-resource"), "another audience"),
        (token(exp=int(time()) - 70), "has expired"),
        (token(nbf=int(time()) + 7200), "not valid yet"),
        (token(iat=int(time()) + 7200), "not valid yet"),
        (token(exp=None), "lacks the claim exp"),
        (token(iss=None), "lacks the claim iss"),
        (token(aud=None), "lacks the claim aud"),
        (token(exp="tomorrow"), "no valid JWT"),
        (token(filler="x" * 17_000), "longer than 16384 bytes"),
        ("", "no JWT"),
        ("a.b.c", "no JWT"),
        (base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30", "no JWT"),
    ],
    ids=lambda value: value if " " in value else "token",
)
async def test_a_wrong_token(sent: str, reason: str) -> None:
    """It is refused with the reason, in words that tell its sender what to mend."""
    assert reason in await refusal(sent)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.hex() + ".e30."))
def test_garbage(text: str) -> None:
    """Whatever text comes, it is refused and nothing else happens."""
    with pytest.raises(Unauthorized):
        _key_id(text)


@pytest.mark.parametrize("kind", ["acs", "event_grid", "api"])
async def test_nothing_is_configured(kind: str) -> None:
    """A kind of token that nobody set up is refused with that reason."""
    async with checking() as (tokens, _):
        with pytest.raises(Unauthorized, match="nothing is configured"):
            await getattr(tokens, kind)(token())


async def test_event_grid() -> None:
    """Both generations of Entra tokens of our tenant pass where the application is Event Grid's."""
    async with receiver() as server, httpx.AsyncClient() as http:
        server.default = key_set(k1=KEY)
        trust = entra("tenant-1", ("api://hook",), authority=server.url)
        tokens = JwtTokens(http, event_grid=trust)
        v1 = {"iss": "https://sts.windows.net/tenant-1/", "aud": "api://hook", "appid": EVENT_GRID_APP_ID}
        v2 = {"iss": f"{server.url}/tenant-1/v2.0", "aud": "api://hook", "azp": EVENT_GRID_APP_ID}
        await tokens.event_grid(token(**v1))
        await tokens.event_grid(token(**v2))
        assert server.requests[0].path == "/tenant-1/discovery/v2.0/keys"
        for wrong in (
            {**v1, "appid": "somebody"},
            {**v2, "azp": None},
            {**v1, "appid": "x", "azp": EVENT_GRID_APP_ID},
        ):
            with pytest.raises(Unauthorized, match="not Event Grid's"):
                await tokens.event_grid(token(**wrong))
        with pytest.raises(Unauthorized, match="another issuer"):
            await tokens.event_grid(token(**{**v1, "iss": "https://sts.windows.net/tenant-2/"}))


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"roles": ["read"]}, {"read"}),
        ({"roles": ["Callscribe.Admin", "something"]}, {"admin"}),
        ({"scp": "callscribe.read control openid"}, {"read", "control"}),
        ({"roles": ["read"], "scp": "control"}, {"read", "control"}),
        ({"roles": "read", "scp": ["read"]}, set()),
        ({"roles": [1]}, set()),
        ({}, set()),
    ],
)
async def test_a_client_of_the_api(claims: dict[str, Any], scopes: set[str]) -> None:
    """Its subject and those of our scopes that it was granted, as an app's roles or a user's delegation."""
    async with checking(api=True) as (tokens, _):
        assert await tokens.api(token(**claims)) == ("someone", frozenset(scopes))


@pytest.mark.parametrize("subject", [None, ""])
async def test_a_client_without_a_subject(subject: str | None) -> None:
    """Nobody in particular may do nothing."""
    async with checking(api=True) as (tokens, _):
        with pytest.raises(Unauthorized, match="no subject"):
            await tokens.api(token(sub=subject))


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def a_key_set(reply: Reply | None = None) -> AsyncIterator[tuple[KeySet, Receiver, Watch]]:
    async with receiver() as server, httpx.AsyncClient() as http:
        server.default = reply or key_set(k1=KEY)
        watch = Watch()
        yield KeySet(f"{server.url}/keys", http, monotonic=watch), server, watch


async def test_keys_are_rotated() -> None:
    """A key id never seen makes the set be fetched again, but not oftener than the cool-down allows."""
    async with a_key_set() as (keys, server, watch):
        assert await keys.find("k1") is not None
        server.default = key_set(k1=KEY, k2=OTHER)
        assert await keys.find("k2") is None
        assert len(server.requests) == 1
        watch.now += COOL_DOWN_S
        assert await keys.find("k2") is not None
        for _ in range(10):
            assert await keys.find("made-up") is None
        assert len(server.requests) == 2


async def test_a_key_is_withdrawn() -> None:
    """After an hour the set is fetched again although the key is known, and a withdrawn one is gone."""
    async with a_key_set() as (keys, server, watch):
        await keys.find("k1")
        server.default = key_set(k2=OTHER)
        watch.now += FRESH_S
        assert await keys.find("k1") is None
        assert await keys.find("k2") is not None


@pytest.mark.parametrize(
    "fault",
    [
        Reply(500),
        Reply(302, headers={"Location": "https://elsewhere.test"}),
        Reply(200, b"<html>"),
        Reply(200, b'{"keys": 1}'),
        Reply(200, b"\xff"),
        Reply(200, b'{"keys": [' + b" " * 300_000 + b"]}"),
    ],
)
async def test_the_key_set_fails(fault: Reply) -> None:
    """Before the first good set nothing can be checked; after it the kept keys stay good."""
    async with a_key_set(fault) as (keys, server, watch):
        with pytest.raises(KeySetUnavailable):
            await keys.find("k1")
        server.default = key_set(k1=KEY)
        watch.now += COOL_DOWN_S
        assert await keys.find("k1") is not None
        server.default = fault
        watch.now += FRESH_S
        assert await keys.find("k1") is not None


async def test_the_key_set_cannot_be_reached() -> None:
    """The token is refused, and the sender is told that it is not the token's fault."""
    async with checking(acs=True) as (tokens, server):
        server.default = Reply(503)
        with pytest.raises(SigningKeysUnavailable, match="cannot be fetched now"):
            await tokens.acs(token())


async def test_keys_of_other_kinds() -> None:
    """Keys that are not for RSA signatures, or unreadable, are passed over; the others stand."""
    odd = [
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        {"kty": "RSA", "kid": "broken", "n": "?", "e": "AQAB"},
        {"kty": "RSA", "kid": "half"},
        {**public(OTHER, "enc"), "use": "enc"},
        {"kty": "RSA"},
    ]
    async with a_key_set(Reply(200, {"keys": [*odd, public(KEY, "k1")]})) as (keys, _, _):
        found = [key_id for key_id in ("secret", "broken", "half", "enc", "k1") if await keys.find(key_id)]
        assert found == ["k1"]
