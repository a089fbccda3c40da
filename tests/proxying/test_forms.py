"""What a seller types, and what the form says to it."""

import pytest

from proxying.forms import CodeForm, PhoneForm
from proxying.phone_numbers import PhoneNumber


def phone_form(**typed: str) -> PhoneForm:
    return PhoneForm({"display_name": "Tom", "phone_number": "415 234 5555", **typed})


@pytest.mark.parametrize(
    "typed",
    ["415 234 5555", "(415) 234-5555", "+1 415 234 5555", "1-415-234-5555", " 4152345555 "],
)
def test_phone_number_is_understood_as_people_write_it(typed: str) -> None:
    form = phone_form(phone_number=typed)

    assert form.is_valid()
    assert form.cleaned_data["phone_number"] == PhoneNumber("+14152345555")


def test_phone_number_with_a_country_code_keeps_it() -> None:
    form = phone_form(phone_number="+44 20 7946 0018")

    assert form.is_valid()
    assert form.cleaned_data["phone_number"] == PhoneNumber("+442079460018")


@pytest.mark.parametrize("typed", ["12", "call me", "+", "415 234 5555 x12", "٤١٥" * 20, "1" * 33])
def test_what_cannot_be_a_phone_number_is_an_error_beside_it(typed: str) -> None:
    assert list(phone_form(phone_number=typed).errors) == ["phone_number"]


@pytest.mark.parametrize("name", ["Tom 415 234 5555", "+14152345555", "call 415-234-5555"])
def test_display_name_with_a_phone_number_is_refused(name: str) -> None:
    """It stands on public pages."""
    assert list(phone_form(display_name=name).errors) == ["display_name"]


@pytest.mark.parametrize("name", ["Tom", "Søren 2", "王小明", "Tom's Bikes 1998"])
def test_display_name_of_any_kind_is_taken(name: str) -> None:
    assert phone_form(display_name=name).is_valid()


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b"])
def test_display_name_must_fit(name: str) -> None:
    assert list(phone_form(display_name=name).errors) == ["display_name"]


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456"])
def test_code_is_taken_with_spaces_and_hyphens(typed: str) -> None:
    form = CodeForm({"code": typed})

    assert form.is_valid()
    assert form.cleaned_data["code"] == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_code_of_another_form_is_an_error_beside_it(typed: str) -> None:
    assert list(CodeForm({"code": typed}).errors) == ["code"]
