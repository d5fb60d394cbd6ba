"""The API's description opened in a real browser."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from playwright.async_api import Request, async_playwright

from callscribe.domain.access import Scope
from service.program import HttpServer
from tests.service.situations import Service

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: chromium)"),
]


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[str]:
    """The application on a real port; gives its address."""
    server = HttpServer(uvicorn.Config(service.app(), log_config=None, access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await server.close()
            await serving


async def test_a_key_holder_tries_an_operation_in_the_browser(service: Service) -> None:
    """Everything is loaded from our own host, no policy is broken, and "Try it out" answers."""
    client = await service.client(Scope.READ)
    key = client.headers["Authorization"].removeprefix("Bearer ")
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    async with served(service) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        page.set_default_timeout(15_000)
        page.on("request", note)
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        await page.goto(f"{url}/docs")
        await page.get_by_role("button", name="Authorize").click()
        await page.locator(".auth-container input").first.fill(key)
        await page.locator(".auth-btn-wrapper button.authorize").first.click()
        await page.locator(".auth-btn-wrapper button.btn-done").first.click()
        operation = page.locator("#operations-calls-listCalls")
        await operation.locator(".opblock-summary-control").click()
        await operation.get_by_role("button", name="Execute").click()
        status = operation.locator(".live-responses-table tbody .response-col_status").first
        await status.wait_for()
        assert "200" in await status.inner_text()
        await browser.close()
    assert asked
    assert all(request.startswith((url, "data:")) for request in asked)
    assert complaints == []
