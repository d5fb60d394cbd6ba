"""What is written about the settings is what they are."""

import shlex
from pathlib import Path

from callscribe.runtime.settings import Program, Settings, configuration_page, example, load
from callscribe.runtime.settings.__main__ import main
from callscribe.runtime.settings.groups import GROUPS

ROOT = Path(__file__).parents[4]


def assignments() -> dict[str, str]:
    """The example file as a shell reads it."""
    lines = (shlex.split(line, comments=True) for line in example().splitlines())
    return dict(part.split("=", 1) for line in lines for part in line)


def test_the_example_file_is_what_the_settings_write() -> None:
    """Run `make docs` where this fails."""
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example()


def test_the_configuration_page_is_what_the_settings_write() -> None:
    """Run `make docs` where this fails."""
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == configuration_page()


def test_the_example_names_every_setting_and_no_secret() -> None:
    """A copy of it is a complete list, and holds nothing to hide."""
    written = assignments()
    secret = {name for group in GROUPS for name, field in group.model_fields.items() if not field.repr}

    assert set(written) == {f"CALLSCRIBE_{name.upper()}" for name in Settings.model_fields}
    assert secret
    assert all(written[f"CALLSCRIBE_{name.upper()}"] == "" for name in secret)


def test_the_example_says_the_defaults() -> None:
    """Loading it is the same as loading nothing."""
    assert load(assignments(), Program.TOOL) == load({}, Program.TOOL)


def test_every_setting_belongs_to_one_group_and_is_described() -> None:
    """The page is by group, so none may be left out."""
    fields = [(name, field) for group in GROUPS for name, field in group.model_fields.items()]

    assert sorted(name for name, _ in fields) == sorted(Settings.model_fields)
    assert all(field.description for _, field in fields)


def test_both_files_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    """`make docs` runs exactly this."""
    main(tmp_path)

    assert (tmp_path / ".env.example").read_text(encoding="utf-8") == example()
    assert (tmp_path / "docs/configuration.md").read_text(encoding="utf-8") == configuration_page()
