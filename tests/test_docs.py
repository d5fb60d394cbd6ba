"""The documents say what the program does: nothing is missing, nothing is left over."""

import re
import subprocess
from pathlib import Path

import pytest
import typer.main
from fastapi.routing import APIRoute

from callscribe.cli.__main__ import app as command_line
from callscribe.domain.errors import catalogue
from callscribe.runtime.settings import Settings, configuration_page, example
from service import app as service_app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
VENDORED = "service/static/swagger-ui/"


def routes() -> set[tuple[str, str]]:
    """Method and path of everything the HTTP edge describes."""
    return {
        (method, route.path)
        for router in service_app._ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    }


def documented_routes() -> set[tuple[str, str]]:
    return set(re.findall(r"^\| `([A-Z]+) (/\S*)` \|", README, re.MULTILINE))


def test_every_route_is_in_the_readme_and_nothing_else() -> None:
    """The table is the API."""
    assert routes()
    assert {(method, _unnamed(path)) for method, path in documented_routes()} == {
        (method, _unnamed(path)) for method, path in routes()
    }


def _unnamed(path: str) -> str:
    """Parameters may be named otherwise for readers: `{rawId}` for `{raw_id}`; converters are the code's business."""
    return re.sub(r"\{\w+(:\w+)?\}", "{}", path).rstrip("/")


def test_every_error_is_in_the_catalogues_page() -> None:
    """By its code, as a heading that can be linked to."""
    page = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^#+ (\S+)$", page, re.MULTILINE))

    assert {error.code for error in catalogue()} <= headings


def test_every_setting_is_documented() -> None:
    """The pages are made from the settings; run `make docs` where this fails."""
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example()
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == configuration_page()


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    """Neither a page nor a message of the program."""
    known = {f"CALLSCRIBE_{name.upper()}" for name in Settings.model_fields}
    sources = [
        path
        for folder in ("callscribe", "service", "transcript_ws", "onebox")
        for path in (ROOT / folder).rglob("*.py")
    ]
    unknown = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in [*PAGES, ROOT / "Makefile", *sources]
        for name in re.findall(r"\bCALLSCRIBE_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
        if name not in known and name.removesuffix("_FILE") not in known
    }
    assert unknown == set()


def test_every_target_of_make_is_explained() -> None:
    """`make help` is made from the comments."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)

    assert set(re.findall(r"^([a-z-]+):.*?## \S", makefile, re.MULTILINE)) == set(phony.split())


def test_every_target_that_a_page_names_exists() -> None:
    """Nobody is told to run what is not there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        name
        for path in PAGES
        for block in re.findall(r"`+[^`]*`+", path.read_text(encoding="utf-8"))
        for name in re.findall(r"\bmake ([a-z-]+)", block)
    }
    assert named <= targets


def test_every_command_is_in_the_readme() -> None:
    """`callscribe demo`, and whatever comes after it."""
    group = typer.main.get_command(command_line)
    commands = set(getattr(group, "commands", {}))

    assert commands
    assert set(re.findall(r"`callscribe (\w+)`", README)) == commands


def test_the_readme_tells_how_a_server_is_set_up() -> None:
    """From the lock that exists, with its hashes."""
    assert ".venv/bin/pip install --require-hashes -r requirements.lock" in README
    assert "--hash=sha256:" in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_anchors_lead_somewhere() -> None:
    """A link into another page names a heading of it."""
    wrong = []
    for page in PAGES:
        for link, anchor in re.findall(
            r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")
        ):
            target = page.parent / link if link else page
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            if anchor not in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}:
                wrong.append(f"{page.name}: {link}#{anchor}")
    assert wrong == []


def test_every_variable_of_the_live_journey_is_documented() -> None:
    """Those that are no settings, and the file that it writes."""
    journey = (ROOT / "tests/live/test_live.py").read_text(encoding="utf-8")
    page = (ROOT / "docs/assumptions.md").read_text(encoding="utf-8")
    variables = set(re.findall(r"\bLIVE_[A-Z_]+\b", journey))

    assert variables
    assert [name for name in variables if f"`{name}`" not in page] == []
    assert "`build/live.json`" in page


def test_every_program_is_in_the_readme() -> None:
    """Whatever can be started with `python -m`."""
    programs = {
        name
        for name in ("service", "transcript_ws", "onebox", "acs_emulator")
        if (ROOT / name / "__main__.py").exists()
    }
    assert programs <= set(re.findall(r"`python -m (\w+)", README))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_that_a_page_names_exist(page: Path) -> None:
    """`actions/jobs` is a module or folder in the repository, or in one of the rooms whose names are left out."""
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)+)(?:\.py)?/?`", page.read_text(encoding="utf-8"))
    rooms = [ROOT / room for room in ("", "callscribe", "callscribe/adapters", "service")]

    assert [
        name
        for name in named
        if not any((room / name).is_dir() or (room / f"{name}.py").is_file() for room in rooms)
    ] == []


def test_the_architecture_fits_on_a_page() -> None:
    """At most 100 lines, or nobody reads it."""
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 100


def test_every_decision_is_listed() -> None:
    """The list is complete."""
    records = {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}
    listed = set(
        re.findall(r"\]\((0\S+\.md)\)", (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8"))
    )

    assert listed == records


_SOMEBODYS = re.compile(
    r"/(?:home|Users|root)/\w|/work/|[A-Z]:\\\\Users|--(?:extra-)?index-url[= ]\S*:|pypi\.org/simple|pythonhosted\.org"
    r"|registry\.npmjs|file:///(?!\{)\w"
)


def test_nothing_tells_where_it_was_written() -> None:
    """No path of a machine, and no package registry's host."""
    here = texts()
    assert {ROOT / ".ci/run", ROOT / ".env.example", ROOT / "requirements.lock"} <= {*here}
    told = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path, text in here.items()
        if path != Path(__file__)
        for found in _SOMEBODYS.finditer(text)
    ]
    assert told == []


def texts() -> dict[Path, str]:
    """Every text that is in the repository or would be with the next commit, without what others wrote."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    paths = [ROOT / name for name in listed if name and not name.startswith(VENDORED)]
    contents = {path: path.read_bytes() for path in paths if path.is_file()}
    return {path: found.decode("utf-8") for path, found in contents.items() if b"\0" not in found}
