"""The Redis server of ``REDIS_URL``: rate limits, health and Celery all connect to it by this.

redis-py parses the URL, once, and Celery gets what redis-py found. No message of this module quotes
the URL or the words of an error: either may hold the password.
"""

import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

import redis
from kombu.utils.url import as_url
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

NOWHERE = "redis://127.0.0.1:9"
SENTINEL_PORT = 26379
CLUSTER = (
    "REDIS_URL leads to a Redis Cluster, which Celery cannot use. Set it to a single server or to "
    "Sentinel."
)

_SCHEMES = {
    "redis": "redis",
    "valkey": "redis",
    "rediss": "rediss",
    "valkeys": "rediss",
    "unix": "unix",
    "sentinel": "redis",
}
"""What ours mean to redis-py."""
_CREDENTIALS = ("username", "password")
_FILES = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
_OPTIONS = {
    "redis": {"db"},
    "unix": {"db"},
    "rediss": {"db", "ssl_cert_reqs", "ssl_check_hostname", *_FILES},
}
_VERIFIED = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
_CODE = re.compile(r"[A-Z]{3,}\b")


class RedisURLError(ValueError):
    """Its text is a sentence that goes on after the name of the variable."""


class RedisClusterError(redis.RedisError):
    """The server is a node of a Redis Cluster."""

    def __init__(self) -> None:
        super().__init__(CLUSTER)


@dataclass(frozen=True)
class RedisServer:
    """
    Args:
        options: of a connection, as redis-py takes them.
        sentinels: addresses of Sentinels; empty for a server with an address of its own.
        master: what the Sentinels call the server.
    """

    options: dict[str, Any] = field(repr=False)
    connection_class: type[Any]
    sentinels: tuple[tuple[str, int], ...] = ()
    sentinel_options: dict[str, str] = field(default_factory=dict, repr=False)
    master: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether nobody can pretend to be the server, as far as TLS is used."""
        return bool(self.options.get("ssl_cert_reqs", "required") == "required")

    def client(self, *, timeout: float) -> redis.Redis:
        """Threads may share it.

        Args:
            timeout: seconds that the server has to answer, and all Sentinels together.
        """
        if self.sentinels:
            asking = self._asking(timeout)
            found = Sentinel(self.sentinels, sentinel_kwargs=asking, **self.options)
            master: redis.Redis = found.master_for(self.master, **_asked_once(timeout))
            return master
        # A kept connection may be from before a restart. A server that hangs is not asked again.
        once_more = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
        options = self.options | _asked_once(timeout) | {"retry": once_more}
        pool = redis.ConnectionPool(connection_class=self.connection_class, **options)
        return redis.Redis.from_pool(pool)

    def broker(self, *, timeout: float) -> dict[str, Any]:
        """Celery's settings that begin with ``broker_``.

        Args:
            timeout: seconds that the server has to answer, and all Sentinels together.
        """
        transport: dict[str, Any] = _timeouts(timeout)
        if self.sentinels:
            transport |= {"master_name": self.master, "sentinel_kwargs": self._asking(timeout)}
        return {
            "url": self._broker_url(),
            "use_ssl": {name: value for name, value in self.options.items() if "ssl_" in name},
            "transport_options": transport,
        }

    def _asking(self, timeout: float) -> dict[str, Any]:
        # They are asked one after the other: together they have as long as one server.
        return {**self.sentinel_options, **_asked_once(timeout / len(self.sentinels))}

    def _broker_url(self) -> str:
        user, password = (self.options.get(name) for name in _CREDENTIALS)
        write = partial(as_url, user=user, password=password)
        database = str(self.options.get("db", 0))
        if path := self.options.get("path"):
            # kombu takes the number of the database by this name alone.
            return f"{write('redis+socket', path=quote(path[1:]))}?virtual_host={database}"
        scheme = "sentinel" if self.sentinels else "redis"
        hosts = self.sentinels or ((self.options["host"], self.options.get("port", 6379)),)
        return ";".join(write(scheme, host, port, path=database) for host, port in hosts)


@cache
def server_at(url: str) -> RedisServer:
    """
    Raises:
        RedisURLError: it cannot be read, or names what this project or Celery cannot use.
    """
    try:
        return _parse(urlsplit(url))
    except RedisURLError:
        raise
    except ValueError:
        # The error may quote what it took for a port: the rest of a password with a slash in it.
        raise RedisURLError(
            "cannot be read as a URL. Special characters of a password are percent-encoded (%2F)."
        ) from None


def refuse_cluster(client: redis.Redis) -> None:
    """
    Raises:
        RedisClusterError: the server is a node of a cluster.
        RedisError: it did not answer.
    """
    # Where the account may not ask, nothing is known.
    with suppress(redis.ResponseError):
        if client.info("cluster").get("cluster_enabled"):
            raise RedisClusterError


def reason(error: redis.RedisError) -> str:
    """The kind of error: its words may quote a password. Ours do not."""
    if isinstance(error, RedisClusterError):
        return CLUSTER
    code = _CODE.match(str(error))
    return f"{type(error).__name__} {code[0]}" if code else type(error).__name__


def is_outage(error: redis.RedisError) -> bool:
    """Whether the server did not answer. Any other error needs somebody to fix it."""
    is_refusal = isinstance(error, redis.AuthenticationError | redis.exceptions.AuthorizationError)
    return isinstance(error, redis.ConnectionError | redis.TimeoutError) and not is_refusal


def _timeouts(timeout: float) -> dict[str, float]:
    return {"socket_timeout": timeout, "socket_connect_timeout": timeout}


def _asked_once(timeout: float) -> dict[str, Any]:
    """redis-py would wait and try again, for seconds, while a request waits."""
    return {**_timeouts(timeout), "retry": Retry(NoBackoff(), 0)}


def _parse(url: SplitResult) -> RedisServer:
    if url.scheme not in _SCHEMES:
        raise RedisURLError(f"must begin with one of {', '.join(f'{s}://' for s in _SCHEMES)}.")
    if url.scheme == "sentinel":
        return _parse_sentinel(url)
    return _parse_server(url)


def _parse_server(url: SplitResult) -> RedisServer:
    scheme = _SCHEMES[url.scheme]
    _refuse_ambiguous(url, scheme)
    # Not by ``geturl``, which leaves out the slashes of a URL without a host.
    pool = redis.ConnectionPool.from_url(f"{scheme}://{url.netloc}{url.path}?{url.query}")
    known = {"host", "port", "path", *_CREDENTIALS, *_OPTIONS[scheme]}
    options = {name: value for name, value in pool.connection_kwargs.items() if name in known}
    if scheme == "rediss":
        options = _VERIFIED | options
        _refuse_bad_tls(options)
    return RedisServer(options, pool.connection_class)


def _parse_sentinel(url: SplitResult) -> RedisServer:
    query = dict(parse_qsl(url.query))
    master = query.pop("master", "")
    asking = {name: query.pop(f"sentinel_{name}", "") for name in _CREDENTIALS}
    if not master:
        raise RedisURLError("must name the server that Sentinel watches: ?master=mymaster.")
    credentials, at, hosts = url.netloc.rpartition("@")
    if "@" in credentials:
        raise RedisURLError("must have one password, before the first Sentinel.")
    sentinels = tuple(_address(host) for host in hosts.split(","))
    first = url._replace(netloc=credentials + at + hosts.split(",")[0], query=urlencode(query))
    server = _parse_server(first)
    options = {k: v for k, v in server.options.items() if k not in {"host", "port"}}
    asking = {name: value for name, value in asking.items() if value}
    return RedisServer(options, server.connection_class, sentinels, asking, master)


def _address(host: str) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    if not parts.hostname:
        raise RedisURLError("must separate Sentinels with commas: sentinel://host1,host2:26379.")
    return parts.hostname, parts.port or SENTINEL_PORT


def _refuse_ambiguous(url: SplitResult, scheme: str) -> None:
    """What redis-py or kombu would pass over, or understand in two ways."""
    if url.fragment:
        raise ValueError
    if scheme == "unix" and (url.hostname or not url.path.strip("/")):
        raise RedisURLError("must name the socket after three slashes: unix:///folder/socket.")
    if scheme != "unix" and not url.hostname:
        raise RedisURLError("must name a host.")
    if scheme != "unix" and not re.fullmatch(r"/?|/\d+", url.path):
        raise RedisURLError(
            "must end with the number of a database, as in /0. A slash in a password is %2F."
        )
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    if options.keys() - _OPTIONS[scheme]:
        # Unnamed: it could be the end of a password with a question mark.
        known = ", ".join(sorted(_OPTIONS[scheme]))
        raise RedisURLError(f"must have no other option after ? than the supported ones ({known}).")
    if not options.get("db", "0").isdecimal():
        raise RedisURLError("must have a number in ?db=.")


def _refuse_bad_tls(options: dict[str, Any]) -> None:
    if options["ssl_cert_reqs"] not in {"required", "none"}:
        raise RedisURLError("must have required or none in ?ssl_cert_reqs=.")
    try:
        # As redis-py does when it connects.
        context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
        if options.keys() & {"ssl_certfile", "ssl_keyfile"}:
            # A key with a password would make the process ask for it at a terminal.
            none = ""
            context.load_cert_chain(
                options.get("ssl_certfile", ""), options.get("ssl_keyfile"), password=none
            )
    except OSError:
        names = " and ".join(sorted(_FILES & options.keys()))
        raise RedisURLError(f"must name readable files in PEM by {names}.") from None
