"""Locales as speech recognition needs them: a language with its region, written as BCP-47 writes it."""

import re

import langcodes
from langcodes.tag_parser import LanguageTagError

from callscribe.domain.errors import LocaleInvalid, LocaleIsAVoice, LocaleWithoutRegion

_LONGEST = 64
_WELL_FORMED = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{1,8})*", re.ASCII)
# A voice is named by a locale and then by a word that no subtag can be: en-US-NancyNeural, en-US-Ava:DragonHDLatest.
_VOICE = re.compile(
    r"(?P<locale>[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?-(?:[a-zA-Z]{2}|\d{3}))-"
    r"(?=.*(?:neural|dragonhd|rus$|apollo$)).+",
    re.IGNORECASE | re.ASCII,
)
_DIALECTS = frozenset({"zh-CN-shandong", "zh-CN-sichuan"})
"""Azure Speech's own variants, which the registry of BCP-47 does not have."""
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
_NO_PLACE = re.compile(r"AA|Q[M-Z]|X[A-Z]|ZZ")
"""Regions for private use (ISO 3166-1): they are valid and lie nowhere, except XK, Kosovo."""


def checked_locale(text: str) -> str:
    """The locale in canonical form: `en-us` becomes `en-US`, `iw-IL` becomes `he-IL`.

    A script is kept where it says something (`sr-Latn-RS`), and a region may be a UN M49 area (`es-419`).
    Extensions and private subtags are refused: no recogniser knows them.
    Raises LocaleInvalid, LocaleWithoutRegion or LocaleIsAVoice. Source: RFC 5646.
    """
    voice = _VOICE.fullmatch(text[:_LONGEST])
    if voice is not None:
        raise LocaleIsAVoice(f"a voice, not a locale: {checked_locale(voice['locale'])}?")
    if len(text) > _LONGEST or not _WELL_FORMED.fullmatch(text):
        raise LocaleInvalid("expected a BCP-47 tag of language and region, such as en-US")
    try:
        tag = langcodes.standardize_tag(text)
        locale = langcodes.Language.get(tag, normalize=False)
    except LanguageTagError as fault:
        raise LocaleInvalid("expected a BCP-47 tag of language and region, such as en-US") from fault
    if locale.extensions or locale.private:
        raise LocaleInvalid("extensions and private subtags mean nothing to speech recognition")
    if locale.language is None or locale.language in _NO_LANGUAGE:
        raise LocaleInvalid("the tag names no language")
    if tag not in _DIALECTS and not langcodes.tag_is_valid(tag):
        raise LocaleInvalid("no such language, script, region or variant")
    if locale.territory is None:
        raise LocaleWithoutRegion("the language needs its region, as in en-US")
    if locale.territory != "XK" and _NO_PLACE.fullmatch(locale.territory):
        raise LocaleInvalid("the region is a private code that names no place")
    return tag
