"""How far along a call or text is, by Twilio's words for it.

Callbacks may come late, twice and out of order, so a status only ever replaces one of a lower
rank. https://www.twilio.com/docs/proxy/api/interaction
"""

from typing import Final

RANKS: Final = {
    status: rank
    for rank, statuses in enumerate(
        (
            "unknown accepted scheduled initiated",
            "queued receiving",
            "ringing sending",
            "in-progress answered sent received",
            "delivery-unknown",
            "busy canceled completed deleted delivered failed no-answer undelivered",
        )
    )
    for status in statuses.split()
}
# Of a word that is none of these.
UNKNOWN: Final = -1
# From this rank on a leg of a call or text has ended.
OVER: Final = RANKS["completed"]
