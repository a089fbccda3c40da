"""What every ``gunicorn shoppingplace.wsgi`` here needs; it finds this file by itself.

Where the site stands is in PUBLIC_BASE_URL and in no header. Django reads X-Forwarded-Proto, and
nothing else that a proxy, or a client through it, says of the address.
"""

forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
# Seconds. A request that a proxy sends into a connection just being closed is lost: so it is for
# the proxy to close idle ones. The longest that is usual there is ten minutes (Google Cloud's).
keepalive = 620
