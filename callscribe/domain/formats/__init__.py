"""The forms in which a finished or running transcript can be read."""

from callscribe.domain.formats.form import Form
from callscribe.domain.formats.json import JSON
from callscribe.domain.formats.text import TEXT

FORMS: tuple[Form, ...] = (JSON, TEXT)
"""Every form, the preferred one first."""


def form_named(name: str) -> Form | None:
    """The form with this short name (`json`, `txt`), or None."""
    return next((form for form in FORMS if form.name == name), None)


__all__ = ["FORMS", "JSON", "TEXT", "Form", "form_named"]
