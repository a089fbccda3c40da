"""What there is: at Twilio, and in our rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from proxying import twilio_client
from proxying.models import PoolNumber, ProxyService, ReservedNumber, StockNumber, StrayNumber
from proxying.twilio_client import OwnedNumber, ProxyServiceConfiguration, ServiceNumber

Status = ReservedNumber.Status
type Row = StockNumber | PoolNumber | ReservedNumber


@dataclass(frozen=True)
class Place:
    """In which of our Services a number is, and how."""

    service: ProxyService
    number: ServiceNumber


@dataclass(frozen=True)
class AtTwilio:
    """All numbers of the account by SID, and our Services, with where each number is."""

    owned: dict[str, OwnedNumber]
    services: list[tuple[ProxyService, ProxyServiceConfiguration | None]]
    places: dict[str, Place]


@dataclass(frozen=True)
class InOurRows:
    """Rows that stand for a number, or may come to."""

    stock: list[StockNumber]
    pool: list[PoolNumber]
    reserved: list[ReservedNumber]
    stray_sids: set[str]

    def with_a_sid(self) -> Iterator[Row]:
        yield from (row for row in self.stock if row.phone_number_sid)
        yield from (row for row in self.pool if row.phone_number_sid)
        yield from (row for row in self.reserved if row.phone_number_sid)


def look_at_twilio() -> AtTwilio:
    """``TwilioUnavailable`` or ``TwilioRefused`` unless everything could be listed."""
    services, places = [], {}
    for service in ProxyService.objects.order_by("pk"):
        configuration = twilio_client.fetch_proxy_service(service.service_sid)
        services.append((service, configuration))
        if configuration:
            for number in twilio_client.list_service_numbers(service.service_sid):
                places[number.phone_number_sid] = Place(service, number)
    owned = {number.phone_number_sid: number for number in twilio_client.list_owned()}
    return AtTwilio(owned, services, places)


def read_rows() -> InOurRows:
    # In this order: a number goes from the stock or the pool to a seller. One that goes back
    # meanwhile is missed here, and whatever is to mend that looks again.
    stock = list(StockNumber.objects.all())
    pool = list(PoolNumber.objects.select_related("service"))
    reserved = list(
        ReservedNumber.objects.exclude(status=Status.RELEASED).select_related("service")
    )
    strays = set(StrayNumber.objects.values_list("phone_number_sid", flat=True))
    return InOurRows(stock, pool, reserved, strays)
