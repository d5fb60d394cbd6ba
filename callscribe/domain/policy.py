"""What happens to an incoming call, by the party that was called."""

from enum import StrEnum

import msgspec

from callscribe.domain.call import Announce, AnnounceFailure, StartMode
from callscribe.domain.errors import LocaleError
from callscribe.domain.locale import checked_locale
from callscribe.domain.participants import InvalidIdentifier, raw_id


class Action(StrEnum):
    ANSWER = "answer"
    REJECT = "reject"
    REDIRECT = "redirect"
    IGNORE = "ignore"


class RejectReason(StrEnum):
    """ACS's CallRejectReason."""

    NONE = "none"
    BUSY = "busy"
    FORBIDDEN = "forbidden"


class AnnounceRule(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is played before transcription starts, as in `POST /v1/calls`; exactly one of `text` and `file`."""

    text: str | None = None
    file: str | None = None
    voice: str | None = None
    on_announce_failed: AnnounceFailure = AnnounceFailure.START

    def value(self) -> Announce:
        return Announce(
            text=self.text, file_url=self.file, voice=self.voice, on_failed=self.on_announce_failed
        )


class OnAnswer(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What follows an answered call: agents are added, in this order, as soon as it is connected."""

    agents: tuple[str, ...] = ()
    source_caller_id: str | None = None
    """The number agents on phones see; one that the ACS resource owns. The called number where it is None."""


class Rule(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One line of the policy; `to` is a phone number, a raw id, a prefix ending in `*`, or `*` for everybody."""

    to: str
    action: Action = Action.ANSWER
    reason: RejectReason = RejectReason.NONE
    target: str | None = None
    locale: str | None = None
    transcription: StartMode = StartMode.AUTO
    announce: AnnounceRule | None = None
    on_answer: OnAnswer = OnAnswer()

    def concerns(self, called: str) -> bool:
        """Whether the rule is about this raw id."""
        return called.startswith(self.to[:-1]) if self.to.endswith("*") else called == self.to


_IGNORE = Rule(to="*", action=Action.IGNORE)


class Policy(msgspec.Struct, frozen=True):
    """Rules in order; the first that concerns the called party decides, and nobody unlisted is answered."""

    rules: tuple[Rule, ...] = ()

    def rule_for(self, called: str) -> Rule:
        return next((rule for rule in self.rules if rule.concerns(called)), _IGNORE)


class PolicyFault(ValueError):
    """The policy cannot mean anything; the message names the rule and what is wrong with it."""


def parse_policy(text: str) -> Policy:
    """The policy that a JSON array of rules describes. Raises PolicyFault."""
    try:
        rules = msgspec.json.decode(text.encode(), type=tuple[Rule, ...])
    except (msgspec.DecodeError, RecursionError) as fault:
        raise PolicyFault(f"not a JSON array of rules: {fault}") from fault
    return Policy(tuple(_checked(number, rule) for number, rule in enumerate(rules, 1)))


def _checked(number: int, rule: Rule) -> Rule:
    try:
        if rule.to.startswith("+") and rule.to.endswith("*"):
            to = "4:" + rule.to
        else:
            to = rule.to if rule.to.endswith("*") else raw_id(rule.to)
        if rule.action is Action.REDIRECT and rule.target is None:
            raise InvalidIdentifier("a redirect needs a target")
        target = raw_id(rule.target) if rule.target is not None else None
        agents = tuple(raw_id(agent) for agent in rule.on_answer.agents)
        caller_id = rule.on_answer.source_caller_id
        caller_id = raw_id(caller_id) if caller_id is not None else None
        if rule.announce is not None and (rule.announce.text is None) == (rule.announce.file is None):
            raise InvalidIdentifier("announce needs exactly one of text and file")
        locale = checked_locale(rule.locale) if rule.locale is not None else None
    except (InvalidIdentifier, LocaleError) as fault:
        raise PolicyFault(f"rule {number} ({rule.to}): {fault}") from fault
    return msgspec.structs.replace(
        rule,
        to=to,
        target=target,
        locale=locale,
        on_answer=msgspec.structs.replace(rule.on_answer, agents=agents, source_caller_id=caller_id),
    )
