"""``make demo``: the whole site with its own telephony, in one terminal."""


class CannotGoOn(Exception):
    """The message tells whoever started the demo what is wrong, and what to do."""
