"""What happens to an incoming call, by the party that was called."""

import pytest

from callscribe.domain.call import Announce, AnnounceFailure
from callscribe.domain.policy import Action, PolicyFault, RejectReason, parse_policy


def test_the_first_rule_that_concerns_the_called_party_decides() -> None:
    """Numbers, raw ids, prefixes and everybody, in the order written."""
    policy = parse_policy(
        """[{"to": "+1 555 123 0000", "action": "reject", "reason": "busy"},
            {"to": "+1555*", "locale": "es-ES"},
            {"to": "8:acs:desk", "action": "redirect", "target": "+4930123456"},
            {"to": "28:orgid:*", "onAnswer": {"agents": ["8:acs:agent", "+49 30 123456"]}},
            {"to": "*", "action": "ignore"}]"""
    )
    rule = policy.rule_for("4:+15551230000")
    assert (rule.action, rule.reason) == (Action.REJECT, RejectReason.BUSY)
    assert policy.rule_for("4:+15559999999").locale == "es-ES"
    assert policy.rule_for("8:acs:desk").target == "4:+4930123456"
    assert policy.rule_for("28:orgid:1").on_answer.agents == ("8:acs:agent", "4:+4930123456")
    assert policy.rule_for("8:acs:other").action is Action.IGNORE


def test_nobody_unlisted_is_answered() -> None:
    """An empty policy ignores everybody."""
    assert parse_policy("[]").rule_for("4:+15551230000").action is Action.IGNORE


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "JSON array"),
        ('{"to": "*"}', "JSON array"),
        ('[{"to": "*", "acton": "reject"}]', "acton"),
        ('[{"to": "*", "action": "refuse"}]', "refuse"),
        ('[{"to": "555"}]', "rule 1 .555."),
        ('[{"to": "*"}, {"to": "*", "action": "redirect"}]', "rule 2 .*target"),
        ('[{"to": "*", "action": "redirect", "target": "x"}]', "phone number"),
        ('[{"to": "*", "onAnswer": {"agents": ["nobody"]}}]', "rule 1"),
        ('[{"to": "*", "locale": "en"}]', "rule 1"),
        ('[{"to": "*", "onAnswer": {"agent": []}}]', "agent"),
        ('[{"to": "*", "onAnswer": {"sourceCallerId": "nonsense"}}]', "rule 1"),
        ('[{"to": "*", "announce": {}}]', "exactly one of text and file"),
        ('[{"to": "*", "announce": {"text": "a", "file": "https://b"}}]', "exactly one of text and file"),
        ('[{"to": "*", "announce": {"file_url": "https://b"}}]', "file_url"),
        ("[" * 100_000, "JSON array"),
    ],
)
def test_a_policy_that_cannot_mean_anything_names_the_fault(text: str, named: str) -> None:
    """One sentence that says which rule and what is wrong with it."""
    with pytest.raises(PolicyFault, match=named):
        parse_policy(text)


def test_an_announcement_is_written_as_in_the_api() -> None:
    """Text or file, a voice, and what happens when it cannot be played."""
    policy = parse_policy(
        """[{"to": "*", "announce": {"file": "https://e.com/a.wav", "onAnnounceFailed": "hang-up"},
             "onAnswer": {"sourceCallerId": "+1 425 555 0100"}}]"""
    )
    rule = policy.rule_for("8:acs:x")
    assert rule.announce is not None
    assert rule.announce.value() == Announce(
        file_url="https://e.com/a.wav", on_failed=AnnounceFailure.HANG_UP
    )
    assert rule.on_answer.source_caller_id == "4:+14255550100"
