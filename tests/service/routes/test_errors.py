import httpx
import pytest

from callscribe.domain.errors import catalogue
from tests.service.situations import assert_problem

pytestmark = pytest.mark.anyio


async def test_the_catalogue(anyone: httpx.AsyncClient) -> None:
    """lists every class once, open to everybody."""
    answer = await anyone.get("/v1/errors")
    assert answer.status_code == 200
    assert [item["code"] for item in answer.json()["items"]] == [error.code for error in catalogue()]
    for item in answer.json()["items"]:
        assert item["title"]
        assert item["cause"]
        assert item["remedy"]


async def test_a_problems_type(anyone: httpx.AsyncClient) -> None:
    """leads to the entry that explains it."""
    problem = assert_problem(await anyone.get("/v1/calls"), 401, "unauthorized")
    entry = (await anyone.get(problem["type"])).json()
    assert (entry["code"], entry["status"], entry["type"]) == ("unauthorized", 401, problem["type"])


async def test_a_transcription_failure(anyone: httpx.AsyncClient) -> None:
    """shows ACS's numbers."""
    entry = (await anyone.get("/v1/errors/transport-url-not-set")).json()
    assert (entry["acsCode"], entry["subCode"]) == (405, 8522)
    unknown = (await anyone.get("/v1/errors/unknown-transcription-failure")).json()
    assert (unknown["acsCode"], unknown["subCode"]) == (None, None)


async def test_an_unknown_code(anyone: httpx.AsyncClient) -> None:
    """is not found."""
    assert_problem(await anyone.get("/v1/errors/nothing"), 404, "error-code-not-found")
