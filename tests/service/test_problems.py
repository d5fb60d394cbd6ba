import httpx
import msgspec
import pytest
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from callscribe.domain.errors import (
    AcsThrottled,
    CallscribeError,
    Failure,
    FieldError,
    InvalidRequest,
    LocaleIsAVoice,
    MalformedBody,
    Overloaded,
    ParticipantInvalid,
    Unauthorized,
    catalogue,
    describe,
    transcription_failure,
)
from service.problems import Problem, problem_of, problem_of_failure, refusal
from tests.service.situations import Service, assert_problem

pytestmark = pytest.mark.anyio


def found(kind: str, *location: str | int, message: str = "Input should be right") -> ErrorDetails:
    return ErrorDetails(type=kind, loc=location, msg=message, input="the caller's words")


def shown(answer: object) -> Problem:
    return msgspec.json.decode(answer.body, type=Problem)  # type: ignore[attr-defined]


async def test_an_error_of_ours() -> None:
    """is answered with its status and all that it carries."""
    error = InvalidRequest("one part", errors=(FieldError("/targets/0", "no number"),))
    answer = problem_of(error, "r1")
    assert (answer.status_code, answer.media_type) == (422, "application/problem+json")
    problem = shown(answer)
    assert (problem.type, problem.code, problem.detail) == (
        "/v1/errors/invalid-request",
        "invalid-request",
        "one part",
    )
    assert [(one.pointer, one.detail) for one in problem.errors] == [("/targets/0", "no number")]
    assert problem.request_id == "r1"


async def test_an_error_that_passes() -> None:
    """says when to come again, in whole seconds."""
    assert problem_of(Overloaded(retry_after=0.2)).headers["retry-after"] == "1"
    assert problem_of(AcsThrottled(429, None, "slow down", 7.4)).headers["retry-after"] == "8"
    assert "retry-after" not in problem_of(Overloaded()).headers


async def test_missing_credentials() -> None:
    """say how to bring them."""
    assert problem_of(Unauthorized()).headers["www-authenticate"] == "Bearer"


async def test_a_transcription_failure() -> None:
    """shows ACS's numbers and words, whether it is raised or was kept."""
    error = transcription_failure(405, 8522, "not set", "streamUrlMissing")
    for answer in (problem_of(error), problem_of_failure(describe(error))):
        problem = shown(answer)
        assert (problem.acs_code, problem.sub_code, problem.message) == (405, 8522, "not set")
        assert problem.transcription_status_details == "streamUrlMissing"
        assert answer.status_code == error.status


async def test_a_kept_failure_of_another_version() -> None:
    """is answered as an internal error with what was kept."""
    kept = Failure("gone", "Gone", "it was", False, "nobody", "time", "none")  # type: ignore[arg-type]
    answer = problem_of_failure(kept)
    assert (answer.status_code, shown(answer).code) == (500, "gone")


@pytest.mark.parametrize("error", catalogue(), ids=lambda error: error.code)
async def test_every_status(error: type[CallscribeError]) -> None:
    """is an error of the client or of the server."""
    assert 400 <= error.status < 600


def test_findings_of_several_kinds() -> None:
    """become one invalid request that names each part and tells no value."""
    error = refusal(
        [
            found("missing", "targets", 0, "a/b~c"),
            found("int_parsing", "query", "limit"),
            found("participant-invalid", "agents", 1, message="Expected a phone number"),
        ]
    )
    assert isinstance(error, InvalidRequest)
    assert error.detail == "3 parts of the request break the rules"
    assert error.errors == (
        FieldError("/targets/0/a~1b~0c", "input should be right"),
        FieldError("query.limit", "input should be right"),
        FieldError("/agents/1", "expected a phone number"),
    )


def test_findings_that_all_name_one_class() -> None:
    """become that class."""
    error = refusal([found("locale-is-a-voice", "locale", message="A voice, not a locale: en-US?")])
    assert isinstance(error, LocaleIsAVoice)
    assert error.detail == "a voice, not a locale: en-US?"
    two = refusal([found("participant-invalid", "targets", 0), found("participant-invalid", "targets", 1)])
    assert isinstance(two, ParticipantInvalid)
    assert len(two.errors) == 2


def test_a_finding_that_names_no_error_of_a_request() -> None:
    """is an invalid request."""
    assert type(refusal([found("internal", "x")])) is InvalidRequest
    assert refusal([found("missing")]).detail == "1 part of the request breaks the rules"


def test_broken_json_among_the_findings() -> None:
    """makes it a malformed body."""
    assert type(refusal([found("json_invalid", "body", 7)])) is MalformedBody


def test_a_flood_of_findings() -> None:
    """is cut."""
    error = refusal([found("missing", "x" * 1000, n) for n in range(1000)])
    assert len(error.errors) == 50
    assert all(len(one.pointer) <= 200 for one in error.errors)


async def test_a_path_that_leads_nowhere(anyone: httpx.AsyncClient) -> None:
    """is a problem, also with a slash too many."""
    for path in ("/", "/v1", "/v1/calls/", "/v1/nothing", "/docs/files/../app.py"):
        assert_problem(await anyone.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/calls", "GET, POST"),
        ("GET", "/azure/events", "OPTIONS, POST"),
        ("POST", "/v1/calls/call_1", "GET"),
        ("DELETE", "/v1/calls/call_1/transcription", "GET"),
        ("POST", "/openapi.json", "GET, HEAD"),
    ],
)
async def test_a_method_that_is_not_offered(
    anyone: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    """is 405, with every method that the path offers."""
    answer = await anyone.request(method, path)
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allowed


async def test_a_refusal_of_the_framework_that_we_do_not_know(service: Service) -> None:
    """is an internal error."""
    app = service.app()

    @app.get("/odd")
    async def odd() -> None:
        raise HTTPException(418, "the caller's words")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        answer = await client.get("/odd")
    assert_problem(answer, 500, "internal")
    assert "words" not in answer.text
