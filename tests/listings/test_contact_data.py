"""Numbers and addresses among a seller's words are found; prices, years and sizes are not."""

import signal

import pytest

from listings.selling.contact_data import find, remove


@pytest.mark.parametrize(
    "written",
    [
        "415-234-5555",
        "(415) 234-5555",
        "4152345555",
        "1 415.234.5555",
        "+1 415 234 5555",
        "+44 20 7946 0958",
        "415 two three four five five five five",
        "tom@example.com",
        "tom.b+oak@mail.example.co.uk",
        "tom (at) example.com",
    ],
)
def test_contact_data_is_found_as_it_is_written(written):
    assert find(f"Solid oak. Ask {written}, please") == [written]


@pytest.mark.parametrize(
    "text",
    [
        "$1,250 or 1250.50",
        "from 2019, 2020, 2021",
        "made 1998-2004",
        "1920x1080, 144 Hz",
        "200 x 90 x 75 cm",
        "120 60 75 cm",
        "ISBN 978-0-306-40615-7",
        "serial 0306406157",
        "IMEI 490154203237518",
        "one table, two chairs, three lamps",
        "@ $20 each",
        "$4152345555",
        "12345678",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert find(text) == []
    assert remove(text) == text


def test_removing_leaves_no_gap():
    assert remove("Call 415-234-5555 , or write.\nOak") == "Call, or write.\nOak"


@pytest.fixture
def minute_at_most():
    """What takes milliseconds, or hours."""

    def give_up(*rung):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("minute_at_most")
@pytest.mark.parametrize("piece", ["x", " ", "1.", "a@", "a@b.", "+1", "one ", "415 234 5555 "])
def test_megabytes_of_anything_do_not_keep_a_worker(piece):
    text = piece * (2_000_000 // len(piece))

    find(text)
    remove(text)
