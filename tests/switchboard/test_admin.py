"""The operator's view: everything can be looked at, nothing changed, no text read."""

import json

import pytest
from django.contrib import admin
from django.urls import reverse

from proxying.switchboard.models import Alert, Message, Phone, Session
from tests.switchboard.cast import BOB, TOM, TOMS_NUMBER

MODELS = [m for m in admin.site._registry if m._meta.app_label == "switchboard"]


@pytest.fixture
def busy(phones, shop, customer):
    customer.answers_json(json.dumps({"participantIdentifier": TOM}))
    phones.text(BOB, TOMS_NUMBER, "meet me at nine")
    phones.call(BOB, TOMS_NUMBER)
    phones.text(BOB, TOMS_NUMBER, "STOP")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_every_list_and_row_can_be_looked_at(admin_client, busy, model):
    base = f"admin:switchboard_{model._meta.model_name}"
    assert admin_client.get(reverse(f"{base}_changelist")).status_code == 200

    for row in model.objects.all()[:2]:
        page = admin_client.get(reverse(f"{base}_change", args=[row.pk]))
        assert page.status_code == 200
        assert "meet me at nine" not in page.text


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_no_persons_number_is_shown(admin_client, busy, model):
    base = f"admin:switchboard_{model._meta.model_name}"
    pages = [reverse(f"{base}_changelist")]
    pages += [reverse(f"{base}_change", args=[row.pk]) for row in model.objects.all()]

    for page in pages:
        text = admin_client.get(page).text
        assert BOB not in text
        assert TOM not in text


def test_last_two_digits_tell_phones_apart(admin_client, busy):
    message = Message.objects.filter(from_number=BOB).first()
    path = reverse("admin:switchboard_message_change", args=[message.pk])

    assert f"•••{BOB[-2:]}" in admin_client.get(path).text


def test_alert_says_what_happened(admin_client, busy):
    page = admin_client.get(reverse("admin:switchboard_alert_changelist")).text

    assert "80901" in page
    assert Alert.objects.count() == 1


@pytest.mark.parametrize("model", [m for m in MODELS if m is not Phone])
def test_nothing_is_added_or_deleted_by_hand(admin_client, model):
    base = f"admin:switchboard_{model._meta.model_name}"

    assert admin_client.get(reverse(f"{base}_add")).status_code == 403


def test_session_cannot_be_deleted_by_hand(admin_client, busy):
    url = reverse("admin:switchboard_session_delete", args=[Session.objects.get().pk])

    assert admin_client.post(url, {"post": "yes"}).status_code == 403
    assert Session.objects.count() == 1
