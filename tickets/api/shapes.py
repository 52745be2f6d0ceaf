"""Tickets, messages and files as programs read and write them. The bodies judge; the other shapes describe."""

from django.conf import settings
from rest_framework import serializers

from tenancy.api.fields import Choice, Id, Text
from tenancy.api.inputs import StrictSerializer
from tickets.lifecycle import MOVES, State, Turn
from tickets.models import Channel, MessageKind, ServiceKind, SeverityState
from tickets.severity import BUSINESS, SERVICE, WORKAROUND

LIMITS = settings.LIMITS
OUTCOMES = ("RUNNING", "MET", "MISSED", "CANCELLED")
PARTIES = ("customer", "reseller", "operator")
ACTIONS = (*MOVES, "reply", "partner_note", "internal_note", "assign", "grant_promise")
COVERAGE = ("COVERED", "UNCOVERED")
YES_NO = ("yes", "no")
PROMISE_KINDS = ("FIRST", "NEXT", "PROPOSAL")
WAIT_TURNS = tuple(str(turn.value) for turn in Turn if turn != Turn.ROZOOM)


class ImpactBody(StrictSerializer):
    """The four questions of the severity agreement."""

    service = Choice(list(SERVICE), help_text="How much of the service is lost.")
    workaround = Choice(list(WORKAROUND), help_text="Is there an acceptable workaround?")
    business = Choice(list(BUSINESS), help_text="Can the business go on?")
    mission_critical = Choice(list(YES_NO), help_text="Is the operation mission critical?")


class PersonShape(serializers.Serializer):
    name = serializers.CharField()
    party = serializers.ChoiceField(choices=PARTIES)
    organisation = serializers.CharField(allow_null=True, help_text="The name of their organisation.")


class ResponseShape(serializers.Serializer):
    outcome = serializers.ChoiceField(
        choices=OUTCOMES,
        allow_null=True,
        help_text="As it is at the moment of reading; null when nothing was promised.",
    )
    stopped_at = serializers.DateTimeField(allow_null=True, help_text="When roZoom answered, or the promise ended.")
    late_s = serializers.FloatField(
        allow_null=True, help_text="Seconds late: 0 when not late, growing while late, null when cancelled."
    )


class TicketCoverageShape(serializers.Serializer):
    """Decided when the problem was reported, and kept."""

    state = serializers.ChoiceField(choices=COVERAGE, help_text="What holds. Nothing is promised on UNCOVERED.")
    rule = serializers.CharField(
        allow_null=True, help_text="S0 to S5; null on tickets from before decisions were kept."
    )
    rule_state = serializers.ChoiceField(
        choices=COVERAGE, help_text="What the rules said; another than `state` where roZoom decided otherwise."
    )
    reasons = serializers.ListField(child=serializers.CharField())
    would_change = serializers.ListField(child=serializers.CharField())
    override = serializers.CharField(allow_null=True, help_text="Why roZoom decided otherwise, or again.")


class TicketShape(serializers.Serializer):
    reference = serializers.CharField(help_text="ACME-42: what people say on the phone.")
    customer = serializers.CharField(help_text="The customer's code.")
    reseller = serializers.CharField(
        allow_null=True, help_text="The reseller's code; null when roZoom serves directly."
    )
    component = serializers.UUIDField(allow_null=True)
    site = serializers.UUIDField(allow_null=True)
    subject = serializers.CharField()
    description = serializers.CharField()
    service_kind = serializers.ChoiceField(choices=ServiceKind.choices)
    impact = ImpactBody(allow_null=True, help_text="Null when the questions were never asked.")
    severity = serializers.IntegerField(min_value=1, max_value=3)
    severity_state = serializers.ChoiceField(choices=SeverityState.choices)
    severity_because = serializers.CharField(help_text="Why this severity, in the words of the answers.")
    state = serializers.ChoiceField(choices=State.choices)
    turn = serializers.ChoiceField(choices=Turn.choices, help_text="Who has to act.")
    channel = serializers.ChoiceField(choices=Channel.choices)
    reporter = PersonShape()
    assignee = PersonShape(allow_null=True)
    reported_at = serializers.DateTimeField()
    response_due_at = serializers.DateTimeField(allow_null=True)
    response = ResponseShape()
    coverage = TicketCoverageShape()
    allowed_actions = serializers.ListField(
        child=serializers.ChoiceField(choices=ACTIONS), help_text="What this token may do with the ticket now."
    )
    external_reference = serializers.CharField(help_text="Your own number for it; may be empty.")
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    url = serializers.URLField(help_text="Where people of your organisation read it.")


class TicketBody(StrictSerializer):
    """A report. `severity`, `state` and the clock follow from it."""

    read_only_names = frozenset(TicketShape().fields)

    customer = Text(
        one_line=True, required=False, help_text="The customer's code. Tokens of a customer may leave it out."
    )
    subject = Text(max_length=LIMITS["subject_chars"], one_line=True)
    description = Text(max_bytes=LIMITS["message_bytes"], help_text="What happened. At most 64 KB.")
    impact = ImpactBody()
    service_kind = Choice(ServiceKind.choices, default=ServiceKind.PROBLEM)
    component = Id(required=False, allow_null=True)
    site = Id(required=False, allow_null=True, help_text="The site of the component when left out.")
    external_reference = Text(max_length=80, one_line=True, required=False, allow_blank=True)
    error_code = Text(max_length=80, one_line=True, required=False, allow_blank=True)
    site_contact = Text(max_length=160, one_line=True, required=False, allow_blank=True)
    access_hours = Text(max_length=160, one_line=True, required=False, allow_blank=True)


class TicketChange(StrictSerializer):
    """What can be corrected. What is left out stays; null takes a component or site away."""

    read_only_names = frozenset(TicketShape().fields) | {"customer"}

    subject = Text(max_length=LIMITS["subject_chars"], one_line=True, required=False)
    component = Id(required=False, allow_null=True)
    site = Id(required=False, allow_null=True)
    external_reference = Text(max_length=80, one_line=True, required=False, allow_blank=True)


class TransitionBody(StrictSerializer):
    """One move, with what that move needs: `turn` with wait, `reason` with withdraw, `into` with merge."""

    action = Choice(list(MOVES))
    turn = Choice(list(WAIT_TURNS), required=False)
    resolution = Text(max_bytes=LIMITS["message_bytes"], required=False, allow_blank=True)
    reason = Text(max_length=1000, required=False)
    into = Text(max_length=24, one_line=True, required=False, help_text="The reference of the ticket that goes on.")


class AssignmentBody(StrictSerializer):
    assignee = Text(
        max_length=254, one_line=True, allow_null=True, help_text="The e-mail address of a person, or null."
    )


class GrantBody(StrictSerializer):
    reason = Text(max_length=400, help_text="Why roZoom answers all the same. The customer reads it.")


class FileShape(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    sha256 = serializers.CharField()
    kind = serializers.ChoiceField(choices=MessageKind.choices, help_text="Who may read it, as with messages.")
    message = serializers.UUIDField(allow_null=True, help_text="The message it came with.")
    author = serializers.CharField()
    created_at = serializers.DateTimeField()
    url = serializers.URLField(help_text="Where the bytes are, for this token.")


class MessageShape(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=MessageKind.choices)
    body = serializers.CharField()
    history = serializers.CharField(
        help_text="What a mail quoted below its own words, folded away on pages; empty otherwise."
    )
    author = PersonShape()
    channel = serializers.ChoiceField(choices=Channel.choices)
    created_at = serializers.DateTimeField()
    files = FileShape(many=True)


class MessageBody(StrictSerializer):
    kind = Choice(MessageKind.choices, default=MessageKind.PUBLIC, help_text="Who may read it.")
    body = Text(max_bytes=LIMITS["message_bytes"], help_text="At most 64 KB.")


class MessageForm(MessageBody):
    files = serializers.ListField(
        child=serializers.FileField(), required=False, help_text="Up to 10 files of 25 MB: repeat the part."
    )


class FileBody(StrictSerializer):
    kind = Choice(MessageKind.choices, default=MessageKind.PUBLIC, help_text="Who may read it.")


class FileForm(FileBody):
    file = serializers.FileField(help_text="At most 25 MB.")


class ChangeShape(serializers.Serializer):
    at = serializers.DateTimeField()
    old_severity = serializers.IntegerField()
    severity = serializers.IntegerField()
    old_due_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    was_missed = serializers.BooleanField()
    reason = serializers.CharField()
    rule = serializers.CharField()


class PromiseShape(serializers.Serializer):
    """One promise, from what it counts from to where it stands."""

    kind = serializers.ChoiceField(
        choices=PROMISE_KINDS,
        help_text="The first answer, one to a later message, or roZoom's to a proposed severity.",
    )
    severity = serializers.IntegerField()
    counted_from = serializers.DateTimeField()
    granted = serializers.BooleanField(help_text="Not by the rules: a person of roZoom promised it, at `counted_from`.")
    target_s = serializers.FloatField(help_text="What was promised when it began, in seconds.")
    first_due_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    stopped_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    late_s = serializers.FloatField(allow_null=True)
    was_missed = serializers.BooleanField(help_text="Some stretch of it was late, whatever came later.")
    reason = serializers.CharField(help_text="Why it ended, when no answer ended it.")
    rule = serializers.CharField(help_text="The sentence people read.")
    changes = ChangeShape(many=True)


class PromisesShape(serializers.Serializer):
    reference = serializers.CharField()
    time_zone = serializers.CharField(help_text="The zone of the times in sentences: your organisation's.")
    promises = PromiseShape(many=True, help_text="Oldest first.")
