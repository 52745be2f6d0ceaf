"""Severity proposals as programs read and write them."""

from typing import Any, ClassVar

from rest_framework import serializers

from tenancy.api.fields import CHOICE_WORDS, Text
from tenancy.api.inputs import StrictSerializer
from tickets.api.shapes import PARTIES, PersonShape
from tickets.models import SeverityProposal
from tickets.proposals import SEVERITIES
from tickets.services.agreeing import LONGEST_REASON


class SeverityNumber(serializers.ChoiceField):
    """1, 2 or 3 as a number."""

    default_error_messages: ClassVar[dict[str, Any]] = {**CHOICE_WORDS, "invalid": "must be a number."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        if data not in self.choices:
            self.fail("invalid_choice", known=", ".join(str(choice) for choice in self.choices))
        return data


class YesOrNo(serializers.BooleanField):
    """true or false: nothing else is taken for one of them."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": "is missing.",
        "null": "must not be null.",
        "invalid": "must be true or false.",
    }

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class ProposalAnswerShape(serializers.Serializer):
    party = serializers.ChoiceField(choices=PARTIES)
    agrees = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why not; empty where the party agrees.")
    by = PersonShape()
    given_at = serializers.DateTimeField()
    standing = serializers.BooleanField(help_text="Given beforehand, for every raise (a reseller's standing consent).")


class ProposalEffectShape(serializers.Serializer):
    due_at = serializers.DateTimeField(help_text="When the answer would be due if all agreed now.")
    instead_of = serializers.DateTimeField(help_text="When it is due now, and stays until all agree.")


class ProposalShape(serializers.Serializer):
    number = serializers.IntegerField(help_text="1 is the first of its ticket.")
    from_severity = serializers.IntegerField(min_value=1, max_value=3)
    to_severity = serializers.IntegerField(min_value=1, max_value=3)
    reason = serializers.CharField()
    by = PersonShape()
    proposed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="24 hours after it was proposed.")
    state = serializers.ChoiceField(choices=SeverityProposal.State.choices, help_text="As it is when it is read.")
    ended_at = serializers.DateTimeField(allow_null=True)
    answers = ProposalAnswerShape(many=True, help_text="Oldest first; the first one is the proposer's.")
    awaited = serializers.ListField(
        child=serializers.ChoiceField(choices=PARTIES), help_text="Who has not answered; empty when it is over."
    )
    effect = ProposalEffectShape(allow_null=True, help_text="Null when it is over or no promise runs.")
    version = serializers.IntegerField()


class ProposalBody(StrictSerializer):
    read_only_names = frozenset(ProposalShape().fields) - {"reason"}

    severity = SeverityNumber(choices=SEVERITIES, help_text="The one you want all to agree to.")
    reason = Text(max_length=LONGEST_REASON, help_text="Why. The other parties read it.")


class AnswerBody(StrictSerializer):
    agrees = YesOrNo(help_text="true agrees, false objects and ends the proposal.")
    reason = Text(
        max_length=LONGEST_REASON,
        required=False,
        allow_blank=True,
        help_text="Why not. Needed to object, else not kept.",
    )


class WithdrawBody(StrictSerializer):
    """Nothing has to be said."""
