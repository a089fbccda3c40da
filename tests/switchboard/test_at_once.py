"""What happens when two things happen at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from proxying.switchboard.models import Alert, Call, Session
from proxying.switchboard.traffic import calls
from tests.switchboard.cast import BOB, TOM, TOMS_NUMBER

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    def run(job):
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return [future.result() for future in [threads.submit(run, job) for job in jobs]]


def test_two_texts_of_a_stranger_share_one_session(phones, shop, customer):
    customer.answers_json(json.dumps({"uniqueName": "c1", "participantIdentifier": TOM}))
    customer.barrier = Barrier(2)

    at_once(
        lambda: phones.text(BOB, TOMS_NUMBER, "one"), lambda: phones.text(BOB, TOMS_NUMBER, "two")
    )

    assert sorted(body for *_, body in phones.texts(TOM)) == ["one", "two"]
    assert len({shown for shown, *_ in phones.texts(TOM)}) == 1
    assert Session.objects.count() == 1
    assert Alert.objects.count() == 0


def test_pause_ends_once_however_many_look(phones, shop, customer, clock):
    customer.answers_twiml('<Pause length="4"/><Redirect>again</Redirect>')
    customer.answers_twiml("<Say>Now.</Say>", name="again")
    phones.call(BOB, TOMS_NUMBER)
    clock.shift(5)

    at_once(*[calls.settle] * 4)

    assert len(customer.told("again")) == 1
    assert Call.objects.get().heard == ["Now."]


def test_call_is_answered_or_ended_never_both(phones, shop, customer):
    customer.answers_json(json.dumps({"participantIdentifier": TOM}))
    caller = phones.call(BOB, TOMS_NUMBER)["sid"]
    called = phones.rings(TOM)["sid"]

    at_once(
        lambda: calls.answer(Call.objects.select_related("parent").get(pk=called)),
        lambda: calls.hang_up(Call.objects.get(pk=caller)),
    )

    ends = set(Call.objects.values_list("status", flat=True))
    assert ends in ({"canceled"}, {"completed"})
