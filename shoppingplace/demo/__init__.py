"""``make demo``: the whole site with its own telephony, in one terminal."""
