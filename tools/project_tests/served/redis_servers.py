"""Valkey as people run it: with a password, behind TLS, watched by Sentinel, as a cluster."""

import datetime
import ssl
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from socket import AF_UNIX, SHUT_RDWR, create_server, socket
from threading import Thread

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devtools import wheels
from devtools.ports import HOST
from devtools.processes import Children

PASSWORD, MASTER = "p/w?#@1", "mymaster"


def free_port() -> int:
    with socket() as server:
        server.bind((HOST, 0))
        port: int = server.getsockname()[1]
        return port


class RedisServers:
    """Each is started once, when it is first asked for, and ends with ``ends``."""

    def __init__(self, children: Children, folder: Path, ends: ExitStack) -> None:
        self._children, self._folder, self._ends = children, folder, ends
        self.socket = folder / "v.sock"
        self.port = self._start("valkey", "--requirepass", PASSWORD, "--unixsocket", self.socket)

    def client(self) -> "redis.Redis":
        return redis.Redis(HOST, self.port, db=3, password=PASSWORD, decode_responses=True)

    def sentinel(self) -> int:
        """The port of a Sentinel with a password that watches the server."""
        port, config = free_port(), self._folder / "sentinel.conf"
        config.write_text(
            f"port {port}\nbind {HOST}\nrequirepass {PASSWORD}\n"
            f"sentinel monitor {MASTER} {HOST} {self.port} 1\n"
            f"sentinel auth-pass {MASTER} {PASSWORD}\n"
        )
        self._run("sentinel", port, config, "--sentinel")
        return port

    def cluster(self) -> int:
        return self._start(
            "cluster", "--cluster-enabled", "yes", "--cluster-port", str(free_port())
        )

    def tls(self, authority: "Authority", *, name: str = "localhost") -> int:
        """The port of a TLS server in front of the server. The wheel's Valkey speaks no TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.issue(name))
        server = self._ends.enter_context(closing(create_server((HOST, 0))))
        Thread(target=_serve_tls, args=(server, context, self.socket), daemon=True).start()
        port: int = server.getsockname()[1]
        return port

    def _start(self, name: str, *options: str | Path) -> int:
        port = free_port()
        self._run(name, port, "--port", str(port), "--bind", HOST, "--save", "", *options)
        return port

    def _run(self, name: str, port: int, *command: str | Path) -> None:
        folder = self._folder / name
        folder.mkdir()
        program = wheels.valkey_server()
        log = self._folder / f"{name}.log"
        child = self._children.start(name, [program, *command], log=log, cwd=folder)
        child.wait_until(lambda: _listens(port))


class Authority:
    """Signs certificates; ``file`` is its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._sign(self._name, self._key.public_key(), _is_authority))

    def issue(self, host: str) -> Path:
        """The certificate of a host, and its key, in one file."""
        key, file = ec.generate_private_key(ec.SECP256R1()), self._folder / f"{host}.pem"
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = self._sign(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]),
            key.public_key(),
            lambda builder: builder.add_extension(names, critical=False),
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(certificate + private)
        return file

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePublicKey, extend: "Extend") -> bytes:
        now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
        builder = x509.CertificateBuilder(self._name, name, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - day).not_valid_after(now + day)
        # Python 3.13 asks for these (``ssl.VERIFY_X509_STRICT``).
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        subject = x509.SubjectKeyIdentifier.from_public_key(key)
        builder = builder.add_extension(issuer, critical=False)
        builder = builder.add_extension(subject, critical=False)
        certificate = extend(builder).sign(self._key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM)


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)

Extend = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]


def _is_authority(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    builder = builder.add_extension(_SIGNS_CERTIFICATES, critical=True)
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)


def _listens(port: int) -> bool:
    with socket() as client:
        return client.connect_ex((HOST, port)) == 0


def _serve_tls(server: socket, context: ssl.SSLContext, path: Path) -> None:
    # Closing the listening socket ends this.
    with suppress(OSError):
        while True:
            plain, _ = server.accept()
            Thread(target=_pass_on, args=(plain, context, path), daemon=True).start()


def _pass_on(plain: socket, context: ssl.SSLContext, path: Path) -> None:
    with (
        suppress(OSError),
        context.wrap_socket(plain, server_side=True) as outside,
        socket(AF_UNIX) as behind,
    ):
        behind.connect(str(path))
        back = Thread(target=_copy, args=(behind, outside), daemon=True)
        back.start()
        _copy(outside, behind)
        back.join()


def _copy(source: socket, target: socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(SHUT_RDWR)
