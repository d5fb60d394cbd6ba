import re
import time
from itertools import pairwise

from callscribe.adapters.system import RandomIds, SystemClock
from tests.callscribe.adapters.samples import SetClock


def test_the_clock_counts_unix_milliseconds() -> None:
    """It agrees with the system's own seconds."""
    before = int(time.time() * 1000)
    now = SystemClock().now()
    assert before <= now <= int(time.time() * 1000) + 1


def test_ids_sort_in_the_order_in_which_they_were_made() -> None:
    """Also many within one millisecond, and when the clock is set back."""
    clock = SetClock()
    ids = RandomIds(clock)
    made = [ids.new("call") for _ in range(1000)]
    clock.time -= 60_000
    made += [ids.new("call") for _ in range(10)]
    clock.time += 120_000
    made.append(ids.new("call"))
    assert all(one < other for one, other in pairwise(made))


def test_an_id_has_its_prefix_time_and_safe_characters() -> None:
    """It fits into URLs and columns: at most 64 characters of `[a-z0-9_]`."""
    clock = SetClock()
    made = RandomIds(clock).new("operation")
    assert re.fullmatch(r"operation_[0-9a-f]{32}", made)
    assert int(made.split("_")[1][:12], 16) == clock.now()


def test_secrets_cannot_be_guessed_or_repeated() -> None:
    """256 bits each, as 43 URL-safe characters."""
    ids = RandomIds()
    secrets = {ids.secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in secrets)
