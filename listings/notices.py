"""The outbox: mails are written with what caused them, and sent once that is committed.

At least once: who crashes between sending and confirming sends again, under the same
Message-ID, so that the reader's mail program can tell that it is the same mail.
"""

from datetime import timedelta
from email.utils import parseaddr
from smtplib import SMTPException
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from listings.models import Notice
from listings.nudges import nudge

MAX_ATTEMPTS: Final = 8
# Longer than a task may run (CELERY_TASK_TIME_LIMIT), so no second worker gets at a claimed row.
FIRST_RETRY: Final = timedelta(minutes=5)
_AT_ONCE: Final = 200

log = structlog.get_logger(__name__)


def owe(
    user: User, subject: str, body: str, unsubscribe_url: str = "", former_address: str = ""
) -> Notice:
    """Writes down a mail to *user*, to be sent when the transaction commits.

    *body* is plain text without any phone number. *unsubscribe_url* is absolute, takes a
    one-click POST (RFC 8058), and is for mails that the person may switch off.
    *former_address* gets it instead of the account's own. Not idempotent: call it where the
    state changes, in the same transaction.
    """
    notice = Notice.objects.create(
        user=user,
        # A title may hold a line break; a mail's header must not.
        subject=" ".join(subject.split())[: Notice.SUBJECT_LENGTH],
        body=body,
        unsubscribe_url=unsubscribe_url,
        former_address=former_address,
    )
    nudge("listings.tasks.send_notices")
    return notice


def our_address() -> str:
    """Where people can write to us: what our mails come from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def send_due() -> int:
    """Sends what is due, each mail once however many workers ask; how many went out.

    A mail that fails is tried again after 5, 10, 20 minutes and so on, ``MAX_ATTEMPTS``
    times in all. Whoever has no address, or no account any more, gets none.
    """
    sent = 0
    for _ in range(_AT_ONCE):
        notice = _claim()
        if notice is None:
            break
        sent += _deliver(notice)
    return sent


@transaction.atomic
def _claim() -> Notice | None:
    """The oldest due row, already set to be tried again later: a crash loses no mail."""
    notice = (
        Notice.objects.filter(sent_at__isnull=True, next_attempt_at__lte=timezone.now())
        .select_related("user")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("next_attempt_at", "pk")
        .first()
    )
    if notice is None:
        return None
    notice.attempts += 1
    is_last = notice.attempts >= MAX_ATTEMPTS
    wait = FIRST_RETRY * 2 ** (notice.attempts - 1)
    notice.next_attempt_at = None if is_last else timezone.now() + wait
    notice.save(update_fields=["attempts", "next_attempt_at"])
    return notice


def _deliver(notice: Notice) -> bool:
    """Sends a claimed mail and confirms it; whether it went out."""
    if not notice.user.is_active or not _address(notice):
        _finish(notice, sent=False)
        return False
    try:
        _message(notice).send()
    except (OSError, SMTPException, ValueError) as error:
        log.warning(
            "notice not sent",
            notice=notice.pk,
            attempts=notice.attempts,
            gives_up=notice.next_attempt_at is None,
            error=type(error).__name__,
        )
        return False
    _finish(notice, sent=True)
    return True


def _finish(notice: Notice, *, sent: bool) -> None:
    """Nothing is due any more. The attempt's number is the fence against one thought dead."""
    Notice.objects.filter(pk=notice.pk, attempts=notice.attempts).update(
        sent_at=timezone.now() if sent else None, next_attempt_at=None, former_address=""
    )


def _address(notice: Notice) -> str:
    return notice.former_address or notice.user.email


def _message(notice: Notice) -> EmailMessage:
    headers = {
        # The time is in it for the day a database starts again from row 1.
        "Message-ID": f"<notice.{notice.pk}.{notice.created_at:%Y%m%d%H%M%S}"
        f"@{urlsplit(settings.PUBLIC_BASE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
    }
    if notice.unsubscribe_url:
        headers |= {
            "List-Unsubscribe": f"<{notice.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return EmailMessage(notice.subject, notice.body, to=[_address(notice)], headers=headers)
