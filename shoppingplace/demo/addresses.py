"""Where the demo listens: whatever ``localhost`` may mean on this machine.

Browsers offer passkeys on that name and on no bare address. It stands for two addresses,
of which a browser tries one after the other; without IPv6 there is only the first.
"""

import socket
from typing import Final

HOST: Final = "localhost"
IPV4: Final = "127.0.0.1"
IPV6: Final = "::1"

FAMILIES: Final = {IPV4: socket.AF_INET, IPV6: socket.AF_INET6}


def bindings(port: int) -> list[str]:
    """As a server takes them: ``127.0.0.1:8000``, ``[::1]:8000``."""
    return [f"{IPV4}:{port}"] + ([f"[{IPV6}]:{port}"] if _has_ipv6() else [])


def check(port: int) -> None:
    """``OSError`` when somebody else listens on *port*, at either address."""
    for address in (IPV4, IPV6) if _has_ipv6() else (IPV4,):
        _bind(address, port)


def _has_ipv6() -> bool:
    try:
        _bind(IPV6, 0)
    except OSError:
        return False
    return True


def _bind(address: str, port: int) -> None:
    with socket.socket(FAMILIES[address]) as probe:
        # As the server itself does: a port that a former demo just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
