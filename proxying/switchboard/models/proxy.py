"""Proxy's resources, with Twilio's field names.

https://www.twilio.com/docs/proxy/api/service and the pages beside it.
"""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from proxying.switchboard.models.carrier import IncomingPhoneNumber
from proxying.switchboard.models.sids import SidField

# What a Session gets that names neither ttl nor dateExpiry, in a Service without a default.
# https://www.twilio.com/docs/api/errors/80904
IMPLICIT_LIFE: Final = timedelta(days=90)


class Service(models.Model):
    """A pool of numbers, the Sessions that use them, and the callbacks that hear of both."""

    class GeoMatchLevel(models.TextChoices):
        COUNTRY = "country"
        AREA_CODE = "area-code"

    class NumberSelectionBehavior(models.TextChoices):
        PREFER_STICKY = "prefer-sticky"
        AVOID_STICKY = "avoid-sticky"

    sid = SidField("KS")
    unique_name = models.CharField(max_length=191, unique=True)
    default_ttl = models.PositiveIntegerField(default=0, help_text="seconds; 0 for none")
    callback_url = models.CharField(max_length=4000, blank=True)
    intercept_callback_url = models.CharField(max_length=4000, blank=True)
    out_of_session_callback_url = models.CharField(max_length=4000, blank=True)
    geo_match_level = models.CharField(
        max_length=9, choices=GeoMatchLevel, default=GeoMatchLevel.COUNTRY
    )
    number_selection_behavior = models.CharField(
        max_length=13,
        choices=NumberSelectionBehavior,
        default=NumberSelectionBehavior.PREFER_STICKY,
    )
    chat_instance_sid = models.CharField("chat instance SID", max_length=34, blank=True)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "sid"]

    def __str__(self) -> str:
        return self.unique_name


class PhoneNumberQuerySet(models.QuerySet["PhoneNumber"]):
    def with_in_use(self) -> Self:
        """With ``in_use``: in how many active Sessions somebody sees this number."""
        holders = (
            Participant.objects.active()
            .filter(proxy_identifier_sid=OuterRef("pk"))
            .order_by()
            .values("proxy_identifier_sid")
            .annotate(sessions=Count("session", distinct=True))
        )
        return self.annotate(in_use=Coalesce(Subquery(holders.values("sessions")), 0))


class PhoneNumber(models.Model):
    """A number of the account in a Service's pool; it is in one Service at most.

    A reserved one is given to a participant only by name, never chosen.
    """

    incoming_phone_number = models.OneToOneField(
        IncomingPhoneNumber,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="proxy_phone_number",
    )
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="phone_numbers")
    is_reserved = models.BooleanField(default=False)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    in_use: int  # from ``with_in_use``

    objects = PhoneNumberQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "pk"]

    def __str__(self) -> str:
        return str(self.incoming_phone_number)

    @property
    def phone_number(self) -> str:
        """E.164."""
        return self.incoming_phone_number.phone_number


class SessionQuerySet(models.QuerySet["Session"]):
    def active(self) -> Self:
        """Open or in progress, though the time of some may have run out."""
        return self.filter(status__in=Session.ACTIVE)

    def expired(self) -> Self:
        """Still active, with no time left."""
        return self.active().filter(expires_at__lte=timezone.now())


class Session(models.Model):
    """Two people connected until a time is over.

    ``expires_at`` is the moment that ``ttl``, ``date_expiry`` and what has happened amount
    to; ``schedule_expiry`` keeps it true.
    """

    class Mode(models.TextChoices):
        MESSAGE_ONLY = "message-only"
        VOICE_ONLY = "voice-only"
        VOICE_AND_MESSAGE = "voice-and-message"

    class Status(models.TextChoices):
        OPEN = "open"
        IN_PROGRESS = "in-progress"
        CLOSED = "closed"
        FAILED = "failed"
        UNKNOWN = "unknown"

    ACTIVE: ClassVar = (Status.OPEN, Status.IN_PROGRESS)

    sid = SidField("KC")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="sessions")
    unique_name = models.CharField(max_length=191, null=True)  # noqa: DJ001 (unique when set)
    status = models.CharField(max_length=11, choices=Status, default=Status.OPEN)
    mode = models.CharField(max_length=17, choices=Mode, default=Mode.VOICE_AND_MESSAGE)
    ttl = models.PositiveIntegerField(null=True, help_text="seconds")
    closed_reason = models.CharField(max_length=32, blank=True)
    date_started = models.DateTimeField(null=True)
    date_ended = models.DateTimeField(null=True)
    date_last_interaction = models.DateTimeField(null=True)
    date_expiry = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(editable=False)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "sid"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["service", "unique_name"], name="one_session_a_unique_name"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["expires_at"],
                condition=Q(status__in=["open", "in-progress"]),
                name="active_sessions_by_end",
            ),
            models.Index(
                fields=["date_ended"],
                condition=Q(status="closed"),
                name="closed_sessions_by_end",
            ),
        ]

    def __str__(self) -> str:
        return self.sid

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def is_expired(self) -> bool:
        return self.is_active and self.expires_at <= timezone.now()

    def schedule_expiry(self) -> datetime:
        """Set ``expires_at``: ``date_expiry``, or else ``ttl`` after the last sign of life.

        Signs of life are the creation, the last interaction and a re-opening.
        """
        signs = (self.date_created, self.date_started, self.date_last_interaction)
        life = timedelta(seconds=self.ttl) if self.ttl else IMPLICIT_LIFE
        self.expires_at = self.date_expiry or max(sign for sign in signs if sign) + life
        return self.expires_at


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def present(self) -> Self:
        """Not removed from their Session, whatever became of it."""
        return self.filter(date_deleted=None)

    def active(self) -> Self:
        """Those who hold their proxy number now."""
        return self.filter(is_active=True)


class Participant(models.Model):
    """A person in a Session: a real number, and the number under which they see the other.

    ``is_active`` says that the Session is active and the participant present. Only then does
    the pair of the two numbers route calls and messages, and only one participant can hold it.
    """

    sid = SidField("KP")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="participants")
    identifier = models.CharField(max_length=191)
    friendly_name = models.CharField(max_length=255, blank=True)
    # Copies, not a key: they outlive the number's stay in the Service.
    proxy_identifier = models.CharField(max_length=255)
    proxy_identifier_sid = models.CharField("proxy identifier SID", max_length=34)
    is_active = models.BooleanField(default=True, editable=False)
    date_deleted = models.DateTimeField(null=True)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "sid"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["identifier", "proxy_identifier"],
                condition=Q(is_active=True),
                name="one_active_session_a_pair",
            ),
            models.UniqueConstraint(fields=["session", "identifier"], name="once_in_a_session"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["identifier", "proxy_identifier"]),
            models.Index(
                fields=["proxy_identifier_sid"],
                condition=Q(is_active=True),
                name="numbers_in_use",
            ),
        ]

    def __str__(self) -> str:
        return self.sid


class Interaction(models.Model):
    """One message or call in a Session, or one message that the API sent to a participant.

    ``data`` is JSON text: ``{"body": ...}`` of a message, ``{"duration": "5"}`` of a call.
    """

    class Type(models.TextChoices):
        MESSAGE = "message"
        VOICE = "voice"
        UNKNOWN = "unknown"

    sid = SidField("KI")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="interactions")
    type = models.CharField(max_length=7, choices=Type)
    data = models.TextField(blank=True)
    inbound_participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, null=True, related_name="inbound_interactions"
    )
    inbound_resource_sid = models.CharField(
        "inbound resource SID", max_length=34, blank=True, db_index=True
    )
    inbound_resource_status = models.CharField(max_length=20, blank=True)
    inbound_resource_type = models.CharField(max_length=7, blank=True)
    inbound_resource_url = models.CharField("inbound resource URL", max_length=4000, blank=True)
    outbound_participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, null=True, related_name="outbound_interactions"
    )
    outbound_resource_sid = models.CharField("outbound resource SID", max_length=34, blank=True)
    outbound_resource_status = models.CharField(max_length=20, blank=True)
    outbound_resource_type = models.CharField(max_length=7, blank=True)
    outbound_resource_url = models.CharField("outbound resource URL", max_length=4000, blank=True)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "sid"]

    def __str__(self) -> str:
        return self.sid
