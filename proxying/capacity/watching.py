"""What is done about a reading: remembered, and told to staff when it is low."""

import structlog

from proxying.capacity.measuring import Reading, measure
from proxying.capacity.sizing import remember_peak

logger = structlog.get_logger(__name__)


def watch() -> list[Reading]:
    """Measures, and keeps each Service's peak of the day; those that have just become too small.

    Warns (``pool_low``) once for each new peak of a day that comes near the pool's end.
    """
    too_small = []
    for reading in measure():
        if not remember_peak(reading.service, reading.busiest):
            continue
        if reading.is_low:
            logger.warning(
                "pool_low",
                service=reading.service.service_sid,
                country=reading.service.country,
                pool=reading.pool,
                busiest=reading.busiest,
                wanted=reading.wanted,
            )
        if reading.missing:
            too_small.append(reading)
    return too_small
