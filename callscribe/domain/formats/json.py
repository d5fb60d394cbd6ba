"""A transcript as JSON: the public shape itself."""

import msgspec

from callscribe.domain.formats.form import Form

JSON = Form(name="json", media_type="application/json", written=msgspec.json.encode)
