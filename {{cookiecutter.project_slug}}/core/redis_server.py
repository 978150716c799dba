"""The Redis server of ``REDIS_URL``, for rate limits, health and Celery.

redis-py parses the URL, and Celery gets the result. No message quotes the URL or the text of an
error: both may contain the password.
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

from core.setting_error import SettingError

EXPECTED = "a URL like redis://:password@host:6379/0"
NOWHERE = "redis://127.0.0.1:9"
SENTINEL_PORT = 26379

# The scheme of redis-py for each of REDIS_URL.
_SCHEMES = {
    "redis": "redis",
    "valkey": "redis",
    "rediss": "rediss",
    "valkeys": "rediss",
    "unix": "unix",
    "sentinel": "redis",
}
_CREDENTIALS = ("username", "password")
_FILES = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
_OPTIONS = {
    "redis": {"db"},
    "unix": {"db"},
    "rediss": {"db", "ssl_cert_reqs", "ssl_check_hostname", *_FILES},
}
_VERIFIED = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
_CODE = re.compile(r"[A-Z]{3,}\b")


class RedisClusterError(redis.RedisError):
    def __str__(self) -> str:
        return (
            "REDIS_URL leads to a Redis Cluster, which Celery cannot use. Set it to a single "
            "server or to Sentinel."
        )


@dataclass(frozen=True)
class RedisServer:
    # Of a connection, for redis-py.
    options: dict[str, Any] = field(repr=False)
    connection_class: type[Any]
    sentinels: tuple[tuple[str, int], ...] = ()
    sentinel_options: dict[str, str] = field(default_factory=dict, repr=False)
    master: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether the client verifies the server's certificate, if it uses TLS."""
        return bool(self.options.get("ssl_cert_reqs", "required") == "required")

    def client(self, *, timeout: float) -> redis.Redis:
        """A thread-safe client. ``timeout`` is in seconds, also for all Sentinels together."""
        if self.sentinels:
            asking = self._sentinel_kwargs(timeout)
            sentinel = Sentinel(self.sentinels, sentinel_kwargs=asking, **self.options)
            master: redis.Redis = sentinel.master_for(self.master, **_without_retry(timeout))
            return master
        # A kept connection may be older than the server. A timeout is not retried.
        retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
        options = {**self.options, **_timeouts(timeout), "retry": retry}
        pool = redis.ConnectionPool(connection_class=self.connection_class, **options)
        return redis.Redis.from_pool(pool)

    def broker(self, *, timeout: float) -> dict[str, Any]:
        """Celery's settings that begin with ``broker_``. For ``timeout`` see ``client``."""
        transport = _timeouts(timeout)
        if self.sentinels:
            transport["master_name"] = self.master
            transport["sentinel_kwargs"] = self._sentinel_kwargs(timeout)
        return {
            "url": self._broker_url(),
            "use_ssl": {name: value for name, value in self.options.items() if "ssl_" in name},
            "transport_options": transport,
        }

    def _sentinel_kwargs(self, timeout: float) -> dict[str, Any]:
        # The client asks one after the other.
        return {**self.sentinel_options, **_without_retry(timeout / len(self.sentinels))}

    def _broker_url(self) -> str:
        user, password = (self.options.get(name) for name in _CREDENTIALS)
        write = partial(as_url, user=user, password=password)
        database = str(self.options.get("db", 0))
        if path := self.options.get("path"):
            return f"{write('redis+socket', path=quote(path[1:]))}?virtual_host={database}"
        scheme = "sentinel" if self.sentinels else "redis"
        hosts = self.sentinels or ((self.options["host"], self.options.get("port", 6379)),)
        return ";".join(write(scheme, host, port, path=database) for host, port in hosts)


def _timeouts(timeout: float) -> dict[str, Any]:
    return {"socket_timeout": timeout, "socket_connect_timeout": timeout}


def _without_retry(timeout: float) -> dict[str, Any]:
    # redis-py's default retries take seconds.
    return {**_timeouts(timeout), "retry": Retry(NoBackoff(), 0)}


@cache
def server_at(url: str) -> RedisServer:
    """Raises ``SettingError`` for a URL that redis-py, Celery or this project cannot use."""
    try:
        return _parse(urlsplit(url))
    except SettingError:
        raise
    except ValueError:
        raise SettingError(
            "cannot be read as a URL. Special characters of a password are percent-encoded (%2F)."
        ) from None


def refuse_cluster(client: redis.Redis) -> None:
    """Raises ``RedisClusterError`` for a cluster, or another ``RedisError`` without an answer."""
    # The account may lack the permission for INFO.
    with suppress(redis.ResponseError):
        if client.info("cluster").get("cluster_enabled"):
            raise RedisClusterError


def reason(error: redis.RedisError) -> str:
    """The kind of error, without its text."""
    if isinstance(error, RedisClusterError):
        return str(error)
    code = _CODE.match(str(error))
    return f"{type(error).__name__} {code[0]}" if code else type(error).__name__


def is_outage(error: redis.RedisError) -> bool:
    """Whether the server did not answer. An administrator must fix any other error."""
    is_refusal = isinstance(error, redis.AuthenticationError | redis.exceptions.AuthorizationError)
    return isinstance(error, redis.ConnectionError | redis.TimeoutError) and not is_refusal


def _parse(url: SplitResult) -> RedisServer:
    if url.scheme not in _SCHEMES:
        raise SettingError(f"must begin with one of {', '.join(f'{s}://' for s in _SCHEMES)}.")
    return _parse_sentinel(url) if url.scheme == "sentinel" else _parse_server(url)


def _parse_server(url: SplitResult) -> RedisServer:
    scheme = _SCHEMES[url.scheme]
    _refuse_place(url, scheme)
    _refuse_options(url.query, scheme)
    # ``geturl`` drops the slashes of a URL without a host.
    pool = redis.ConnectionPool.from_url(f"{scheme}://{url.netloc}{url.path}?{url.query}")
    known = {"host", "port", "path", *_CREDENTIALS, *_OPTIONS[scheme]}
    options = {name: value for name, value in pool.connection_kwargs.items() if name in known}
    if scheme == "rediss":
        options = _VERIFIED | options
        _refuse_tls(options)
    return RedisServer(options, pool.connection_class)


def _parse_sentinel(url: SplitResult) -> RedisServer:
    query = dict(parse_qsl(url.query))
    master = query.pop("master", "")
    asking = {name: query.pop(f"sentinel_{name}", "") for name in _CREDENTIALS}
    asking = {name: value for name, value in asking.items() if value}
    if not master:
        raise SettingError("must name the server that Sentinel watches: ?master=mymaster.")
    credentials, at, hosts = url.netloc.rpartition("@")
    if "@" in credentials:
        raise SettingError("must have one password, before the first Sentinel.")
    sentinels = tuple(_address(host) for host in hosts.split(","))
    first = url._replace(netloc=credentials + at + hosts.split(",")[0], query=urlencode(query))
    server = _parse_server(first)
    options = {k: v for k, v in server.options.items() if k not in {"host", "port"}}
    return RedisServer(options, server.connection_class, sentinels, asking, master)


def _address(host: str) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    if not parts.hostname:
        raise SettingError("must separate Sentinels with commas: sentinel://host1,host2:26379.")
    return parts.hostname, parts.port or SENTINEL_PORT


def _refuse_place(url: SplitResult, scheme: str) -> None:
    """Refuses what redis-py and kombu ignore or read differently."""
    if url.fragment:
        raise ValueError
    if scheme == "unix":
        if url.hostname or not url.path.strip("/"):
            raise SettingError("must name the socket after three slashes: unix:///folder/socket.")
    elif not url.hostname:
        raise SettingError("must name a host.")
    elif not re.fullmatch(r"/?|/\d+", url.path):
        raise SettingError(
            "must end with the number of a database, as in /0. A slash in a password is %2F."
        )


def _refuse_options(query: str, scheme: str) -> None:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if options.keys() - _OPTIONS[scheme]:
        # Not named: it may be the end of a password with a question mark.
        known = ", ".join(sorted(_OPTIONS[scheme]))
        raise SettingError(f"must have no other option after ? than the supported ones ({known}).")
    if not options.get("db", "0").isdecimal():
        raise SettingError("must have a number in ?db=.")


def _refuse_tls(options: dict[str, Any]) -> None:
    if options["ssl_cert_reqs"] not in {"required", "none"}:
        raise SettingError("must have required or none in ?ssl_cert_reqs=.")
    certificate, key = options.get("ssl_certfile"), options.get("ssl_keyfile")
    try:
        context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
        if certificate or key:
            # Without a password, OpenSSL would ask for one at the terminal.
            context.load_cert_chain(certificate or "", key, password="")
    except OSError:
        names = " and ".join(sorted(_FILES & options.keys()))
        raise SettingError(f"must name readable files in PEM by {names}.") from None
