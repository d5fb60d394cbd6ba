import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.access import (
    ApiKey,
    Principal,
    Scope,
    admits,
    digest,
    same_secret,
    split,
    written,
)


def a_key(revoked_at: int | None = None) -> ApiKey:
    return ApiKey("k1", "test", digest("right"), frozenset({Scope.READ}), 1, revoked_at)


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.CONTROL, {Scope.READ, Scope.CONTROL}),
        (Scope.ADMIN, {Scope.READ, Scope.CONTROL, Scope.ADMIN}),
    ],
)
def test_a_scope(held: Scope, allowed: set[Scope]) -> None:
    """includes the lesser ones."""
    principal = Principal("somebody", frozenset({held}))
    assert {scope for scope in Scope if principal.may(scope)} == allowed


def test_no_scope() -> None:
    """allows nothing."""
    assert not any(Principal("somebody", frozenset()).may(scope) for scope in Scope)


@given(st.from_regex(r"[a-z0-9]{1,40}", fullmatch=True), st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True))
def test_a_written_key(key_id: str, secret: str) -> None:
    """is split into what it was written from, whatever the secret holds."""
    assert split(written(key_id, secret)) == (key_id, secret)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k1_secret",
        "callscribe_",
        "callscribe_k1",
        "callscribe_k1_",
        "callscribe__s",
        "callscribe_k_" + "s" * 200,
    ],
)
def test_a_text_that_is_no_key(text: str) -> None:
    """is not split."""
    assert split(text) is None


def test_the_right_secret() -> None:
    """is admitted, and a wrong one is not."""
    assert admits(a_key(), "right")
    assert not admits(a_key(), "wrong")


def test_a_revoked_key() -> None:
    """admits nobody."""
    assert not admits(a_key(revoked_at=2), "right")


def test_shared_secrets() -> None:
    """are the same only where every character is."""
    assert same_secret("grüezi", "grüezi")
    assert not same_secret("grüezi", "grüez")
