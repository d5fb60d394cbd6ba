import asyncio
import datetime
import json
import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import httpx
import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import LogCapture

from callscribe.adapters.acs import AcsCallControl
from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.adapters.tokens import ACS_ISSUER, JwtTokens, Trust, entra
from callscribe.domain.access import Scope
from callscribe.domain.policy import Policy
from callscribe.ports import Config, Ports
from tests.service.situations import AUDIENCE, NOWHERE, RESOURCE_ID, TENANT, Service, call_control

KEY_SET_URL = "https://keys.example/keys"


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[dict[str, object]]]:
    """What is logged, with the context of each line."""
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, capture],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logging.getLogger("callscribe").setLevel(logging.DEBUG)
    yield capture.entries  # type: ignore[misc]
    structlog.configure(**before)


@pytest.fixture(scope="session")
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def signed(signing_key: rsa.RSAPrivateKey) -> Callable[..., str]:
    """Signs a token as ACS does; claims that are given replace ACS's."""

    def sign(**claims: object) -> str:
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
        everything = {"iss": ACS_ISSUER, "aud": RESOURCE_ID, "exp": ends} | claims
        return jwt.encode(everything, signing_key, algorithm="RS256", headers={"kid": "one"})

    return sign


@pytest.fixture
async def tokens(signing_key: rsa.RSAPrivateKey) -> AsyncIterator[JwtTokens]:
    """The real verifier, whose key sets come from a transport instead of the network."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(signing_key.public_key()))
    key_set = {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=key_set))
    async with httpx.AsyncClient(transport=transport) as http:
        yield JwtTokens(
            http,
            acs=Trust((ACS_ISSUER,), (RESOURCE_ID,), KEY_SET_URL),
            event_grid=entra(TENANT, (AUDIENCE,)),
            api=entra(TENANT, (AUDIENCE,)),
        )


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once; each test works on a copy."""
    path = tmp_path_factory.mktemp("empty") / "callscribe.db"
    asyncio.run(migrate(sqlite_url(path)))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    return path


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> str:
    return sqlite_url(Path(shutil.copy(empty_database, tmp_path)))


@pytest.fixture
async def store(database: str) -> AsyncIterator[SqlStore]:
    async with SqlStore(database, SystemClock()) as store:
        yield store


@pytest.fixture
def config() -> Config:
    return Config(
        policy=Policy(),
        default_locale="en-US",
        intermediate_results=True,
        public_url=NOWHERE,
        public_ws_url="ws://127.0.0.1:9",
        worker="test",
    )


@pytest.fixture
async def acs(config: Config) -> AsyncIterator[AcsCallControl]:
    async with call_control(config, NOWHERE, "a2V5") as control:
        yield control


@pytest.fixture
def ports(config: Config, store: SqlStore, acs: AcsCallControl, tokens: JwtTokens) -> Ports:
    clock = SystemClock()
    return Ports(config, clock, RandomIds(clock), store, LocalBus(), acs, tokens)


@pytest.fixture
async def service(ports: Ports) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        yield Service(ports, stack=stack)


@pytest.fixture
async def anyone(service: Service) -> httpx.AsyncClient:
    return await service.client()


@pytest.fixture
async def reader(service: Service) -> httpx.AsyncClient:
    return await service.client(Scope.READ)


@pytest.fixture
async def controller(service: Service) -> httpx.AsyncClient:
    return await service.client(Scope.CONTROL)
