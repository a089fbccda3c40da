"""The outbox: each mail once, later when it fails, under one Message-ID."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connections, transaction
from django.utils import timezone

from listings import notices
from listings.models import Notice
from tests.proxying.factories import UserFactory


class Unreachable(EmailBackend):
    """A mail server that nobody answers at."""

    def send_messages(self, messages):
        raise ConnectionRefusedError


class DiesAfterSending(EmailBackend):
    """The mail is out, and the worker is killed before it hears of it."""

    def send_messages(self, messages):
        super().send_messages(messages)
        raise KeyboardInterrupt


def use(settings, backend):
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.{backend.__name__}"}}


def make_due(notice):
    Notice.objects.filter(pk=notice.pk).update(next_attempt_at=timezone.now())


@pytest.fixture
def bob(db):
    return UserFactory(username="bob")


def test_mail_leaves_on_commit(bob, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        notices.owe(bob, "Tom said yes", "Come and get it.")
        assert mail.outbox == []

    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.body) == ([bob.email], "Tom said yes", "Come and get it.")
    assert Notice.objects.get().sent_at


def test_mail_is_sent_once(bob):
    notices.owe(bob, "Hello", "Once.")

    assert [notices.send_due(), notices.send_due()] == [1, 0]
    assert len(mail.outbox) == 1


def test_mail_of_what_was_rolled_back_is_not_owed(transactional_db):
    bob = UserFactory()

    def fail():
        with transaction.atomic():
            notices.owe(bob, "Hello", "Never.")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert (Notice.objects.count(), mail.outbox) == (0, [])


def test_address_is_the_one_at_the_time_of_sending(bob):
    notices.owe(bob, "Hello", "Moved.")
    bob.email = "new@example.com"
    bob.save()

    notices.send_due()

    assert mail.outbox[0].to == ["new@example.com"]


@pytest.mark.parametrize("gone", [{"is_active": False}, {"email": ""}])
def test_nobody_there_gets_no_mail(bob, gone):
    notice = notices.owe(bob, "Hello", "Anybody?")
    type(bob).objects.filter(pk=bob.pk).update(**gone)

    assert notices.send_due() == 0

    notice.refresh_from_db()
    assert (notice.sent_at, notice.next_attempt_at, mail.outbox) == (None, None, [])


def test_line_break_in_a_title_is_no_header(bob):
    notices.owe(bob, "Oak table\r\nBcc: mallory@example.com", "Hi")

    notices.send_due()

    assert mail.outbox[0].subject == "Oak table Bcc: mallory@example.com"


def test_unsubscribing_takes_one_click(bob):
    notices.owe(bob, "New finds", "Tables", unsubscribe_url="https://shop.example/u/x/")

    notices.send_due()

    headers = mail.outbox[0].message()
    assert headers["List-Unsubscribe"] == "<https://shop.example/u/x/>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_mail_about_ones_own_doing_cannot_be_unsubscribed(bob):
    notices.owe(bob, "Tom said yes", "Come.")

    notices.send_due()

    assert "List-Unsubscribe" not in mail.outbox[0].message()


def test_mail_that_fails_waits_longer_each_time_and_is_given_up(bob, settings):
    use(settings, Unreachable)
    notice = notices.owe(bob, "Hello", "Anybody?")
    waits = []
    for _ in range(notices.MAX_ATTEMPTS):
        make_due(notice)
        assert notices.send_due() == 0
        notice.refresh_from_db()
        waits.append(notice.next_attempt_at)

    assert waits[:-1] == sorted(waits[:-1])
    assert waits[0] > timezone.now()
    assert waits[-1] is None
    assert notices.send_due() == 0
    notice.refresh_from_db()
    assert (notice.attempts, notice.sent_at) == (notices.MAX_ATTEMPTS, None)


def test_one_that_fails_holds_up_no_other(bob, settings):
    bad = notices.owe(bob, "x", "y")
    Notice.objects.filter(pk=bad.pk).update(subject="two\nlines")
    notices.owe(bob, "Good", "y")

    assert notices.send_due() == 1
    assert [message.subject for message in mail.outbox] == ["Good"]


def test_crash_after_sending_resends_under_the_same_message_id(bob, settings):
    notice = notices.owe(bob, "Hello", "Twice.")
    use(settings, DiesAfterSending)
    with pytest.raises(KeyboardInterrupt):
        notices.send_due()
    assert notices.send_due() == 0, "claimed: not due before the retry"
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

    make_due(notice)
    notices.send_due()

    first, again = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == again
    assert f".{notice.created_at:%Y%m%d}" in first


def test_workers_at_once_send_each_mail_once(transactional_db):
    bob = UserFactory()
    for number in range(6):
        Notice.objects.create(user=bob, subject=str(number), body="x")
    together = Barrier(3)

    def work(_):
        together.wait()
        try:
            return notices.send_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(work, range(3))) == 6
    assert sorted(message.subject for message in mail.outbox) == list("012345")
