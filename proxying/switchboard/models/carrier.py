"""What the carrier moves and what the account owns: numbers, phones, messages, calls, alerts.

Fields carry Twilio's names where Twilio has the thing; a phone in the browser is ours.
"""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from proxying.switchboard.models.sids import SidField


class Phone(models.Model):
    """A person's phone on the virtual carrier, shown in the browser."""

    number = models.CharField(max_length=16, unique=True, help_text="E.164")
    name = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name


class IncomingPhoneNumber(models.Model):
    """A number the account has bought and pays for every month."""

    sid = SidField("PN")
    phone_number = models.CharField(max_length=16, unique=True, help_text="E.164")
    friendly_name = models.CharField(max_length=64, blank=True)
    iso_country = models.CharField(max_length=2)
    voice = models.BooleanField(default=True)
    sms = models.BooleanField(default=True)
    mms = models.BooleanField(default=True)
    sms_url = models.CharField(max_length=4000, blank=True)
    voice_url = models.CharField(max_length=4000, blank=True)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "sid"]

    def __str__(self) -> str:
        return self.phone_number


class Purchase(models.Model):
    """One line of the ledger: a number bought, given back, or lost. Lines are only ever added."""

    class Kind(models.TextChoices):
        PURCHASE = "purchase"
        RELEASE = "release"
        VANISHED = "vanished"

    kind = models.CharField(max_length=8, choices=Kind)
    phone_number = models.CharField(max_length=16)
    phone_number_sid = models.CharField("phone number SID", max_length=34)
    friendly_name = models.CharField(max_length=64, blank=True)
    price = models.DecimalField(
        max_digits=8, decimal_places=4, help_text="US dollars: the month paid, 0 for none"
    )
    date_created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.phone_number}"


class MessageQuerySet(models.QuerySet["Message"]):
    def of_phones(self, *numbers: str) -> Self:
        """What those phones sent and what reached them, newest first."""
        arrived = Q(to__in=numbers, status=Message.Status.DELIVERED)
        return self.filter(Q(from_number__in=numbers) | arrived)


class Message(models.Model):
    """A text on its way between two numbers; one row a leg, as Twilio counts them.

    https://www.twilio.com/docs/messaging/api/message-resource
    """

    class Direction(models.TextChoices):
        INBOUND = "inbound"
        OUTBOUND_API = "outbound-api"
        OUTBOUND_REPLY = "outbound-reply"
        DIRECT = "direct", "between two phones, never at Twilio"

    class Status(models.TextChoices):
        QUEUED = "queued"
        RECEIVED = "received"
        DELIVERED = "delivered"
        UNDELIVERED = "undelivered"
        FAILED = "failed"

    sid = SidField("SM")
    from_number = models.CharField("from", max_length=64)
    to = models.CharField(max_length=64)
    body = models.CharField(max_length=1600)
    direction = models.CharField(max_length=14, choices=Direction)
    status = models.CharField(max_length=11, choices=Status)
    error_code = models.PositiveIntegerField(null=True)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "sid"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["from_number", "-date_created"]),
            models.Index(fields=["to", "-date_created"]),
        ]

    def __str__(self) -> str:
        return self.sid

    def is_on(self, number: str) -> bool:
        """Whether that phone shows it: what was not delivered never came on a screen."""
        arrived = self.to == number and self.status == self.Status.DELIVERED
        return self.from_number == number or arrived


class CallQuerySet(models.QuerySet["Call"]):
    def live(self) -> Self:
        """Ringing or being spoken on. By the time of its end, for which there is an index."""
        return self.filter(ended_at=None)

    def of_phones(self, *numbers: str) -> Self:
        """The legs those phones placed and the legs that rang there, newest first."""
        placed = Q(from_number__in=numbers, parent=None)
        rang = Q(to__in=numbers, parent__isnull=False) & ~Q(status=Call.Status.FAILED)
        return self.filter(placed | rang)


class Call(models.Model):
    """One leg of a call. What a phone dials has no parent; what rings elsewhere is its child.

    https://www.twilio.com/docs/voice/api/call-resource
    """

    class Direction(models.TextChoices):
        INBOUND = "inbound"
        OUTBOUND_DIAL = "outbound-dial"
        DIRECT = "direct", "between two phones, never at Twilio"

    class Status(models.TextChoices):
        RINGING = "ringing"
        IN_PROGRESS = "in-progress"
        COMPLETED = "completed"
        BUSY = "busy"
        NO_ANSWER = "no-answer"
        CANCELED = "canceled"
        FAILED = "failed"

    LIVE: ClassVar = (Status.RINGING, Status.IN_PROGRESS)

    sid = SidField("CA")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children")
    from_number = models.CharField("from", max_length=64)
    to = models.CharField(max_length=64)
    direction = models.CharField(max_length=13, choices=Direction)
    status = models.CharField(max_length=11, choices=Status, default=Status.RINGING)
    rings_until = models.DateTimeField(null=True, help_text="unanswered by then: no-answer")
    heard = models.JSONField(default=list, help_text="what the line said to the caller")
    program = models.JSONField(default=list, help_text="the TwiML verbs still to be obeyed")
    program_url = models.CharField(max_length=4000, blank=True)
    resume_at = models.DateTimeField(null=True, help_text="when the program goes on")
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "-sid"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["from_number", "-date_created"]),
            models.Index(fields=["to", "-date_created"]),
            models.Index(
                fields=["rings_until", "resume_at"],
                condition=Q(ended_at=None),
                name="calls_that_wait",
            ),
        ]

    def __str__(self) -> str:
        return self.sid

    @property
    def phone(self) -> str:
        """The number of the phone this leg is on."""
        return self.from_number if self.parent_id is None else self.to

    @property
    def duration(self) -> int:
        """Whole seconds spoken; 0 for a call nobody answered or that still goes on."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return int((self.ended_at - self.answered_at).total_seconds())


class VerifyService(models.Model):
    """A Verify v2 Service: under whose name codes are sent."""

    sid = SidField("VA")
    friendly_name = models.CharField(max_length=32)
    code_length = models.PositiveSmallIntegerField(default=6)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.friendly_name


class VerificationQuerySet(models.QuerySet["Verification"]):
    def pending(self) -> Self:
        """Whose code can still be typed."""
        return self.filter(
            status=Verification.Status.PENDING, date_created__gt=timezone.now() - Verification.LIFE
        )


class Verification(models.Model):
    """One code on its way to one number.

    The code is kept as it is: the text that carried it lies in the next table anyway, and
    this Verify exists on the virtual carrier alone.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        CANCELED = "canceled"
        MAX_ATTEMPTS_REACHED = "max_attempts_reached"
        EXPIRED = "expired"

    LIFE: ClassVar = timedelta(minutes=10)

    sid = SidField("VE")
    service = models.ForeignKey(VerifyService, on_delete=models.CASCADE)
    to = models.CharField(max_length=16)
    channel = models.CharField(max_length=8, default="sms")
    code = models.CharField(max_length=10)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    checks = models.PositiveSmallIntegerField(default=0)
    send_code_attempts = models.JSONField(default=list)
    date_created = models.DateTimeField(default=timezone.now, editable=False)
    date_updated = models.DateTimeField(auto_now=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["service", "to"],
                condition=Q(status="pending"),
                name="one_pending_code_a_number",
            )
        ]

    def __str__(self) -> str:
        return self.sid


class Alert(models.Model):
    """What Twilio's debugger would show: something went wrong that nobody's answer reported."""

    sid = SidField("NO")
    error_code = models.PositiveIntegerField(db_index=True)
    alert_text = models.CharField(max_length=500)
    resource_sid = models.CharField("resource SID", max_length=34, blank=True)
    service_sid = models.CharField("Proxy Service SID", max_length=34, blank=True)
    request_url = models.CharField("request URL", max_length=4000, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    date_created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-date_created", "-sid"]

    def __str__(self) -> str:
        return f"{self.error_code}: {self.alert_text}"

    @property
    def more_info(self) -> str:
        return f"https://www.twilio.com/docs/errors/{self.error_code}"
