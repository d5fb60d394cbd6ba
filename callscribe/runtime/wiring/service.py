"""What the HTTP service reaches the world through."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from callscribe.adapters.acs import AcsCallControl, open_client
from callscribe.adapters.credential import AsyncTokenCredential, open_credential
from callscribe.adapters.eventgrid import EventGridSink, open_publisher
from callscribe.adapters.outbound import WebhookSink
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.adapters.tokens import JwtTokens, entra
from callscribe.domain.call import Rules
from callscribe.ports import Bus, CallControl, Clock, Config, Ports, Sink
from callscribe.runtime.settings import Settings
from callscribe.runtime.telemetry import Metrics
from callscribe.runtime.wiring.shared import EVENT_GRID, WEBHOOK, acs_trust, open_bus


@asynccontextmanager
async def service_ports(settings: Settings, metrics: Metrics, bus: Bus | None = None) -> AsyncIterator[Ports]:
    """Opens everything in order, and closes it in reverse; without a bus given, the one of the settings."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        identity = await stack.enter_async_context(open_credential()) if _keyless(settings) else None
        sinks = await _sinks(settings, clock, identity, stack)
        names = tuple(sink.name for sink in sinks)
        store = await stack.enter_async_context(SqlStore(settings.database_url, clock, names))
        config = config_of(settings)
        yield Ports(
            config=config,
            clock=clock,
            ids=RandomIds(clock),
            store=store,
            bus=bus or await open_bus(settings, metrics, stack),
            acs=await _call_control(settings, config, identity, stack),
            tokens=await _tokens(settings, stack),
            sinks=sinks,
            counters=metrics,
        )


def config_of(settings: Settings) -> Config:
    return Config(
        policy=settings.policy,
        default_locale=settings.locale,
        intermediate_results=settings.intermediate_results,
        public_url=settings.public_url.rstrip("/"),
        public_ws_url=settings.public_ws_url.rstrip("/"),
        worker=f"{socket.gethostname()}:{os.getpid()}",
        operation_timeout_ms=int(settings.operation_timeout_seconds * 1000),
        rules=rules_of(settings),
        ai_endpoints=settings.ai_endpoints,
        our_numbers=settings.our_raw_ids,
    )


def rules_of(settings: Settings) -> Rules:
    """How calls are looked after; a longest duration of 0 is none."""
    longest = int(settings.longest_call_seconds * 1000)
    return Rules(
        first_ms=int(settings.retry_first_seconds * 1000),
        longest_ms=int(settings.retry_longest_seconds * 1000),
        attempts=settings.retry_attempts,
        within_ms=int(settings.retry_within_seconds * 1000),
        restart_ms=int(settings.restart_seconds * 1000),
        reconnect_ms=int(settings.reconnect_seconds * 1000),
        silence_ms=int(settings.look_up_seconds * 1000),
        longest_call_ms=longest or None,
    )


def _keyless(settings: Settings) -> bool:
    """Whether anything signs in with this process's Azure identity; all that do share one."""
    topic = settings.event_grid_topic_endpoint and not settings.event_grid_topic_key
    return settings.acs.access_key is None or bool(topic)


def _signing(key: str | None, identity: AsyncTokenCredential | None) -> str | AsyncTokenCredential:
    """The key where there is one, or else the identity, which `_keyless` has had opened."""
    if key:
        return key
    assert identity is not None
    return identity


async def _call_control(
    settings: Settings, config: Config, identity: AsyncTokenCredential | None, stack: AsyncExitStack
) -> CallControl:
    resource = settings.acs
    client = open_client(
        endpoint=resource.endpoint,
        credential=_signing(resource.access_key, identity),
    )
    await stack.enter_async_context(client)
    return AcsCallControl(
        client,
        callback_uri=config.callback_uri,
        transport_url=config.transport_url,
        cognitive_services_endpoint=next(iter(settings.ai_endpoints), None),
    )


async def _tokens(settings: Settings, stack: AsyncExitStack) -> JwtTokens:
    http = await stack.enter_async_context(httpx.AsyncClient())
    grid = settings.event_grid_tenant_id
    api = settings.api_tenant_id
    return JwtTokens(
        http,
        acs=acs_trust(settings),
        event_grid=entra(grid, (settings.event_grid_audience,)) if grid else None,
        event_grid_app_id=settings.event_grid_app_id,
        api=entra(api, (settings.api_audience,)) if api else None,
    )


async def _sinks(
    settings: Settings, clock: Clock, identity: AsyncTokenCredential | None, stack: AsyncExitStack
) -> tuple[Sink, ...]:
    sinks: list[Sink] = []
    if settings.webhook_url:
        webhook = WebhookSink(
            WEBHOOK, settings.webhook_url, settings.webhook_secret, clock, development=settings.development
        )
        stack.push_async_callback(webhook.aclose)
        sinks.append(webhook)
    if settings.event_grid_topic_endpoint:
        publisher = open_publisher(
            endpoint=settings.event_grid_topic_endpoint,
            credential=_signing(settings.event_grid_topic_key, identity),
        )
        await stack.enter_async_context(publisher)
        sinks.append(EventGridSink(EVENT_GRID, publisher, settings.public_url))
    return tuple(sinks)
