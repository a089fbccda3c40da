"""Which number a participant gets, and why there is none."""

import pytest

from tests.switchboard.cast import (
    BETH,
    BETHS_NUMBER,
    BOB,
    MALLORY,
    POOL_1,
    POOL_2,
    POOL_3,
    TOM,
    TOMS_NUMBER,
    own,
    refused,
)

IN_LONDON = "+442071838750"
IN_JERSEY = "+441534600600"
IN_TORONTO = "+14165550123"
IN_JAMAICA = "+18765550123"
IN_MEXICO = "+525512345678"
LONDON_NUMBER = "+442079460000"
TORONTO_NUMBER = "+14164440001"


@pytest.fixture
def pool(service):
    """``pool(*numbers, is_reserved=False, **fields)`` puts numbers into the Service."""

    def put(*numbers, is_reserved=False, **fields):
        for number in numbers:
            service.phone_numbers.create(sid=own(number, **fields), is_reserved=is_reserved)

    return put


@pytest.fixture
def connect(service):
    """``connect(identifier, ...)`` opens a Session and says which number each one got."""

    def create(*identifiers, **fields):
        people = [{"Identifier": identifier} for identifier in identifiers]
        session = service.sessions.create(participants=people, **fields)
        by_identifier = {
            one.identifier: one.proxy_identifier
            for one in service.sessions(session.sid).participants.list()
        }
        return [by_identifier[identifier] for identifier in identifiers]

    return create


def close_all(service):
    for session in service.sessions.list():
        if session.status != "closed":
            service.sessions(session.sid).update(status="closed")


def test_reserved_number_is_never_chosen(pool, connect):
    pool(TOMS_NUMBER, is_reserved=True)
    pool(POOL_1)
    assert connect(TOM) == [POOL_1]


def test_reserved_number_is_given_by_name_and_by_sid(service, pool):
    pool(TOMS_NUMBER, is_reserved=True)
    by_sid = service.phone_numbers.list()[0].sid
    people = [
        {"Identifier": BOB, "ProxyIdentifier": TOMS_NUMBER},
        {"Identifier": BETH, "ProxyIdentifierSid": by_sid},
    ]
    session = service.sessions.create(participants=people)
    given = service.sessions(session.sid).participants.list()
    assert {one.identifier: one.proxy_identifier for one in given} == {
        BOB: TOMS_NUMBER,
        BETH: TOMS_NUMBER,
    }
    assert {one.proxy_identifier_sid for one in given} == {by_sid}


def test_identifier_gets_another_number_in_each_active_session(pool, connect):
    pool(POOL_1, POOL_2, POOL_3)
    assert sorted(number for _ in range(3) for number in connect(TOM)) == [POOL_1, POOL_2, POOL_3]


def test_different_people_share_a_number(pool, connect):
    pool(POOL_1)
    assert [connect(one) for one in (TOM, BETH, BOB)] == [[POOL_1]] * 3


def test_both_participants_of_a_session_may_share_a_number(pool, connect):
    pool(POOL_1)
    assert connect(TOM, BOB) == [POOL_1, POOL_1]


def test_number_in_the_fewest_sessions_is_chosen(pool, connect):
    pool(POOL_1, POOL_2)
    first = connect(TOM)
    assert connect(BETH) != first


def test_sticky_gives_the_number_of_last_time(service, pool, connect):
    pool(POOL_1, POOL_2)
    last = connect(TOM)
    close_all(service)
    for stranger in (BETH, MALLORY, BOB):
        connect(stranger)
    assert connect(TOM) == last


def test_sticky_gives_another_when_that_number_is_taken(pool, connect):
    pool(POOL_1, POOL_2)
    assert connect(TOM) != connect(TOM)


def test_avoid_sticky_gives_a_different_number_if_there_is_one(service, pool, connect):
    service.update(number_selection_behavior="avoid-sticky")
    pool(POOL_1, POOL_2)
    last = connect(TOM)
    close_all(service)
    assert connect(TOM) != last


def test_avoid_sticky_gives_the_same_number_if_there_is_no_other(service, pool, connect):
    service.update(number_selection_behavior="avoid-sticky")
    pool(POOL_1)
    connect(TOM)
    close_all(service)
    assert connect(TOM) == [POOL_1]


def test_number_is_of_the_participants_country(pool, connect):
    pool(POOL_1)
    pool(LONDON_NUMBER, iso_country="GB")
    pool(TORONTO_NUMBER, iso_country="CA")
    assert connect(IN_LONDON) == [LONDON_NUMBER]
    assert connect(IN_TORONTO) == [TORONTO_NUMBER]
    assert connect(TOM) == [POOL_1]


def test_islands_get_the_numbers_of_the_country_whose_code_they_share(pool, connect):
    pool(POOL_1)
    pool(LONDON_NUMBER, iso_country="GB")
    assert connect(IN_JAMAICA) == [POOL_1]
    assert connect(IN_JERSEY) == [LONDON_NUMBER]


def test_area_code_level_asks_for_the_same_area_code(service, pool, connect):
    service.update(geo_match_level="area-code")
    pool(POOL_1, BETHS_NUMBER)
    assert connect(BETH) == [BETHS_NUMBER]
    assert connect(TOM) == [POOL_1]


def test_area_code_level_means_the_country_outside_north_america(service, pool, connect):
    service.update(geo_match_level="area-code")
    pool(LONDON_NUMBER, iso_country="GB")
    assert connect(IN_LONDON) == [LONDON_NUMBER]


@pytest.mark.parametrize(
    ("mode", "able"),
    [
        ("message-only", {POOL_1, POOL_3}),
        ("voice-only", {POOL_2, POOL_3}),
        ("voice-and-message", {POOL_3}),
    ],
)
def test_number_can_do_what_the_mode_asks(pool, connect, mode, able):
    pool(POOL_1, voice=False)
    pool(POOL_2, sms=False)
    pool(POOL_3)
    assert {number for _ in able for number in connect(TOM, mode=mode)} == able
    with refused(80208):
        connect(TOM, mode=mode)


def test_service_without_numbers_80205(connect):
    with refused(80205):
        connect(TOM)


def test_no_number_for_voice_80201(pool, connect):
    pool(POOL_1, voice=False)
    with refused(80201):
        connect(TOM, mode="voice-only")


def test_no_number_for_messages_80202(pool, connect):
    pool(POOL_1, sms=False)
    with refused(80202):
        connect(TOM)


def test_no_number_in_the_country_80203(pool, connect):
    pool(POOL_1)
    with refused(80203):
        connect(IN_MEXICO)


def test_no_number_in_the_area_80206(service, pool, connect):
    service.update(geo_match_level="area-code")
    pool(POOL_1)
    with refused(80206):
        connect(BETH)


def test_no_single_number_that_can_do_both_80206(pool, connect):
    pool(POOL_1, voice=False)
    pool(POOL_2, sms=False)
    with refused(80206):
        connect(TOM)


def test_only_reserved_numbers_match_80207(pool, connect):
    pool(TOMS_NUMBER, is_reserved=True)
    pool(LONDON_NUMBER, iso_country="GB")
    with refused(80207):
        connect(BOB)


def test_all_matching_numbers_are_with_this_participant_80208(pool, connect):
    pool(POOL_1)
    pool(TOMS_NUMBER, is_reserved=True)
    connect(TOM)
    with refused(80208):
        connect(TOM)


def test_named_number_that_the_participant_holds_80604(service, pool):
    pool(TOMS_NUMBER, is_reserved=True)
    bob = {"Identifier": BOB, "ProxyIdentifier": TOMS_NUMBER}
    service.sessions.create(participants=[bob])
    with refused(80604):
        service.sessions.create(participants=[bob])


def test_named_number_outside_the_service_80605(services, service, pool):
    own(POOL_1)
    elsewhere = services(services.create("market").sid)
    elsewhere.phone_numbers.create(sid=own(POOL_2))
    for number in (POOL_1, POOL_2):
        with refused(80605):
            service.sessions.create(participants=[{"Identifier": BOB, "ProxyIdentifier": number}])


def test_named_number_that_nobody_here_owns_80606(service):
    named = {"ProxyIdentifier": POOL_1}, {"ProxyIdentifierSid": "PN" + "0" * 32}
    for number in named:
        with refused(80606):
            service.sessions.create(participants=[{"Identifier": BOB} | number])
