"""What every ``gunicorn shoppingplace.wsgi`` here needs; it finds this file by itself.

Where the site stands is in PUBLIC_BASE_URL and in no header. Django reads X-Forwarded-Proto, and
nothing else that a proxy, or a client through it, says of the address.
"""

forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
