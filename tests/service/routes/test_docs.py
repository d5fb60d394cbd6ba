import hashlib
import json
from pathlib import Path

import httpx
import pytest

import service

pytestmark = pytest.mark.anyio
VENDORED = Path(service.__file__).parent / "static" / "swagger-ui"
MANIFEST = json.loads((VENDORED / "manifest.json").read_text())


async def test_the_page(anyone: httpx.AsyncClient) -> None:
    """loads nothing from elsewhere, and its policy lets no inline script run."""
    page = await anyone.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none';" in policy
    assert "http" not in page.text
    assert page.text.count("<script src=") == page.text.count("<script")


async def test_everything_the_page_loads(anyone: httpx.AsyncClient) -> None:
    """is here, with its type."""
    page = await anyone.get("/docs")
    loaded = [part.split('"')[1] for part in page.text.replace("href=", "src=").split("src=")[1:]]
    assert len(loaded) == 4
    for path in loaded:
        answer = await anyone.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].split(";")[0] in ("text/css", "text/javascript", "image/png"), (
            path
        )


async def test_a_file_that_is_not_there(anyone: httpx.AsyncClient) -> None:
    """is a problem, as everywhere."""
    assert (await anyone.get("/docs/files/nothing.js")).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("name", "digest"), MANIFEST["sha256"].items())
async def test_a_vendored_file(name: str, digest: str) -> None:
    """is the one of the release that the manifest names."""
    assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == digest


async def test_the_manifest() -> None:
    """names every vendored file, its licence among them."""
    assert {path.name for path in VENDORED.iterdir()} == {*MANIFEST["sha256"], "manifest.json"}
    assert {"LICENSE", "NOTICE"} <= set(MANIFEST["sha256"])
