"""What Prometheus reads."""

import pytest

from callscribe.runtime.telemetry import MOST_LABELS, Metrics


@pytest.fixture
def metrics():  # type: ignore[no-untyped-def]
    metrics = Metrics()
    yield metrics
    metrics.close()


def lines(metrics: Metrics) -> set[str]:
    return set(metrics.scrape().decode().splitlines())


def test_counters_show_what_was_counted(metrics: Metrics) -> None:
    """One line for each combination of labels."""
    metrics.packets.add("final")
    metrics.packets.add("intermediate", count=3)
    metrics.pushes.add("webhook", "refused")
    metrics.silent_pings.add()

    assert {
        'callscribe_packets_total{kind="final"} 1.0',
        'callscribe_packets_total{kind="intermediate"} 3.0',
        'callscribe_pushes_total{outcome="refused",sink="webhook"} 1.0',
        "callscribe_sockets_pings_unanswered_total 1.0",
    } <= lines(metrics)


def test_levels_go_up_and_down(metrics: Metrics) -> None:
    """A gauge shows what is, not what was."""
    metrics.sockets.add(2)
    metrics.sockets.add(-1)

    assert "callscribe_sockets_open 1.0" in lines(metrics)


def test_commit_times_fall_into_buckets(metrics: Metrics) -> None:
    """3 ms are more than 2.5 and at most 5."""
    metrics.committed(0.003)

    assert 'callscribe_commit_duration_seconds_bucket{le="0.0025"} 0.0' in lines(metrics)
    assert 'callscribe_commit_duration_seconds_bucket{le="0.005"} 1.0' in lines(metrics)


def test_a_watched_number_is_read_at_every_scrape(metrics: Metrics) -> None:
    """Queues need not report; they are asked."""
    queue = [1]
    metrics.watch("archive.queued", "Writes that wait.", lambda: len(queue))
    assert "callscribe_archive_queued 1.0" in lines(metrics)

    queue.append(2)
    assert "callscribe_archive_queued 2.0" in lines(metrics)


def test_labels_that_a_sender_invents_end_up_as_other(metrics: Metrics) -> None:
    """Whoever sends event types of their own cannot fill the memory; nothing is lost from the sum."""
    for number in range(MOST_LABELS + 50):
        metrics.events.add("callback", f"type-{number}")

    found = [line for line in lines(metrics) if line.startswith("callscribe_events_total")]
    assert len(found) == MOST_LABELS + 1
    assert 'callscribe_events_total{source="other",type="other"} 50.0' in found


def test_two_processes_worth_of_metrics_share_nothing(metrics: Metrics) -> None:
    """Tests and `onebox` may make as many as they like."""
    other = Metrics()
    other.packets.add("final")

    assert not any(line.startswith("callscribe_packets_total{") for line in lines(metrics))
    other.close()


def test_metrics_of_libraries_join_ours(metrics: Metrics) -> None:
    """FastAPI's own telemetry is given the provider."""
    metrics.provider.get_meter("fastapi").create_counter("http.server.requests").add(1)

    assert "http_server_requests_total 1.0" in lines(metrics)
