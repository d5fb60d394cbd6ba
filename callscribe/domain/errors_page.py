"""docs/errors.md, made from the tree of errors."""

from collections.abc import Iterator
from inspect import getdoc

from callscribe.domain.errors import BRANCHES, CallscribeError, TranscriptionFailed, members

_INTRODUCTION = """\
# Errors

Every error that a client can see, made from the program by `make docs`. Over HTTP each is an RFC 9457 problem:
`status` is below, `type` is the reference `/v1/errors/{code}`, where the service says the same; `detail`
says what happened this time. `GET /v1/errors` lists the catalogue.

*Retryable* promises that the same request may succeed later although nobody changes anything. *Fixed by* names who
can remove the cause: the `caller` who sent the request, the `operator` of this service, the `azure-admin` of the
subscription, `microsoft`, or `nobody`, where nothing is broken and the moment has passed or will come.
"""


def errors_page() -> str:
    """The whole page in Markdown."""
    parts = [_INTRODUCTION, *_contents()]
    for branch, title in BRANCHES.items():
        parts.append(f"## {title}\n\n{getdoc(branch)}\n")
        parts += [_section(error) for error in members(branch)]
    return "\n".join(parts)


def _contents() -> Iterator[str]:
    for branch, title in BRANCHES.items():
        links = (f"  - [{error.code}](#{error.code}): {error.title}" for error in members(branch))
        yield "\n".join([f"- [{title}](#{title.lower().replace(' ', '-')})", *links])
    yield ""


def _section(error: type[CallscribeError]) -> str:
    facts = [
        f"**{error.title}.** {getdoc(error)}",
        "",
        f"- Status: {error.status}",
        f"- Retryable: {'yes' if error.retryable else 'no'}",
        f"- Fixed by: {error.fixer}",
        f"- Cause: {error.cause}",
        f"- Remedy: {error.remedy}",
        *_documented(error),
    ]
    return f"### {error.code}\n\n" + "\n".join(facts) + "\n"


def _documented(error: type[CallscribeError]) -> Iterator[str]:
    """The numbers and words with which ACS reports it, where Microsoft documents them."""
    if not issubclass(error, TranscriptionFailed) or not hasattr(error, "acs_code"):
        return
    yield f"- ACS code and subCode: {error.acs_code}/{error.sub_code}"
    yield from (f"- ACS message: {wording}" for wording in error.wordings)
