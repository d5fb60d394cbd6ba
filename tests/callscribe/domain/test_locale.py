import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.errors import LocaleError, LocaleInvalid, LocaleIsAVoice, LocaleWithoutRegion
from callscribe.domain.locale import checked_locale


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("en-US", "en-US"),
        ("en-us", "en-US"),
        ("DE-de", "de-DE"),
        ("fil-PH", "fil-PH"),
        ("zh-Hans-CN", "zh-Hans-CN"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("es-419", "es-419"),
        ("ar-001", "ar-001"),
        ("iw-IL", "he-IL"),
        ("en-Latn-US", "en-US"),
        ("zh-cn-sichuan", "zh-CN-sichuan"),
        ("sq-XK", "sq-XK"),
    ],
)
def test_a_language_with_its_region_in_any_case(text: str, canonical: str) -> None:
    """comes back as BCP-47 writes it."""
    assert checked_locale(text) == canonical


@pytest.mark.parametrize("text", ["en", "zh-Hans", "DE"])
def test_a_language_alone(text: str) -> None:
    """is refused as lacking its region."""
    with pytest.raises(LocaleWithoutRegion):
        checked_locale(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("en-US-NancyNeural", "en-US"),
        ("en-us-nancyneural", "en-US"),
        ("en-US-Ava:DragonHDLatestNeural", "en-US"),
        ("zh-CN-liaoning-XiaobeiNeural", "zh-CN"),
        ("sr-Latn-RS-NicholasNeural", "sr-Latn-RS"),
        ("en-US-JessaRUS", "en-US"),
    ],
)
def test_the_name_of_a_voice(text: str, meant: str) -> None:
    """is refused with the locale that was probably meant."""
    with pytest.raises(LocaleIsAVoice, match=f"^a voice, not a locale: {meant}\\?$"):
        checked_locale(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "e",
        "english",
        "en_US",
        "en--US",
        "en-US-",
        " en-US",
        "en-US\n",
        "ＥＮ-US",
        "xx-XX",
        "en-Q1",
        "en-ZZ",
        "en-XA",
        "en-US-Nancy",
        "xx-YY-NancyNeural",
        "und-US",
        "zxx-US",
        "x-private",
        "en-US-x-private",
        "en-US-u-ca-gregory",
        "i-klingon",
        "en-aaaaaaaaa-US",
        "en-US" + "-aaaaa" * 20,
    ],
)
def test_what_is_no_language_with_a_region(text: str) -> None:
    """is refused as no locale."""
    with pytest.raises(LocaleInvalid):
        checked_locale(text)


@given(st.text(max_size=80) | st.from_regex(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8}){0,4}", fullmatch=True))
def test_any_text(text: str) -> None:
    """is refused as a locale error, or is a locale whose canonical form is its own."""
    try:
        locale = checked_locale(text)
    except LocaleError:
        return
    assert checked_locale(locale) == locale
