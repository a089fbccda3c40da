"""What stands before the site: it ends TLS, and passes on all that a client claims.

A good proxy would overwrite X-Forwarded-*; this one is the worst that still works, so that what
Mallory writes there reaches us.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "shop.example"
_SECONDS = 60


@contextmanager
def proxy(port: int, site: int, certificate: Path, *, cuts_off: str = "") -> Iterator[None]:
    """Passes what comes to *port* on to *site*, a port too, without the prefix *cuts_off*."""

    class Handler(_Handler):
        upstream, prefix = site, cuts_off

    server = _Server(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # The handshake belongs to the thread of the request: nobody holds up the next one.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    upstream: int
    prefix: str

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def log_message(self, *said: object) -> None:
        pass

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        line = HTTPConnection("127.0.0.1", self.upstream, timeout=_SECONDS)
        line.putrequest(
            self.command,
            self.path.removeprefix(self.prefix),
            skip_host=True,
            skip_accept_encoding=True,
        )
        if "X-Forwarded-Proto" not in self.headers:
            line.putheader("X-Forwarded-Proto", "https")
        for name, value in self.headers.items():
            line.putheader(name, value)
        line.endheaders(body)
        answer = line.getresponse()
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        line.close()


class Line(HTTPConnection):
    """To 127.0.0.1, as if *HOST* were found there, and only if it proves that it is."""

    def __init__(self, port: int, certificate: Path | None) -> None:
        super().__init__("127.0.0.1", port, timeout=_SECONDS)
        self._context = ssl.create_default_context(cafile=certificate) if certificate else None

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = (
            self._context.wrap_socket(plain, server_hostname=HOST) if self._context else plain
        )


def make_certificate(path: Path) -> Path:
    """For ``HOST``, signed by itself; the key is in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
