"""Limits, health and Celery reach every kind of server that ``REDIS_URL`` may name."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from celery import Celery

from config.env import BASE_DIR
from core.ratelimit.limiter import Limiter
from core.ratelimit.local import Limit
from core.redis_server import server_at
from devtools.ports import HOST
from devtools.processes import Child, Children
from project_tests.served.redis_servers import MASTER, PASSWORD, Authority, RedisServers

SECRET = quote(PASSWORD, safe="")

TRY = """
import django
django.setup()
from kombu.exceptions import OperationalError
from redis import RedisError
from config.celery import app
from core.ratelimit.limiter import limiter
for command in (limiter().probe, lambda: app.send_task("celery.accumulate", ["consumed"])):
    try:
        command()
    except (OperationalError, RedisError) as error:
        print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # The path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="redis-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def children(folder: Path) -> Iterator[Children]:
    with Children() as children:
        yield children


@pytest.fixture(scope="module")
def servers(children: Children, folder: Path) -> Iterator[RedisServers]:
    with ExitStack() as ends:
        yield RedisServers(children, folder, ends)


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def urls(servers: RedisServers, authority: Authority) -> dict[str, str]:
    tls = f":{SECRET}@localhost:{servers.tls(authority)}/3?ssl_ca_certs={authority.file}"
    sentinels = f"{HOST}:9,{HOST}:{servers.sentinel()}"
    return {
        "redis": f"redis://:{SECRET}@{HOST}:{servers.port}/3",
        "valkey": f"valkey://default:{SECRET}@{HOST}:{servers.port}?db=3",
        "unix": f"unix://:{SECRET}@{servers.socket}?db=3",
        "rediss": f"rediss://{tls}",
        "valkeys": f"valkeys://{tls}",
        "sentinel": f"sentinel://:{SECRET}@{sentinels}/3?master={MASTER}&sentinel_password={SECRET}",
    }


def environment(url: str) -> dict[str, str]:
    return os.environ | {"DJANGO_SETTINGS_MODULE": "devtools.production_settings", "REDIS_URL": url}


def run(script: str, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  our own script
        [sys.executable, "-c", script],
        cwd=BASE_DIR,
        env=environment(url),
        capture_output=True,
        text=True,
        check=False,
    )


def use(url: str) -> None:
    """Counts a hit, and hands a task to Celery."""
    server = server_at(url)
    limiter = Limiter(server.client(timeout=5))
    limiter.probe()
    assert limiter.hit("somebody", [Limit("login", 1, 60)]) == [0]
    settings = {f"broker_{name}": value for name, value in server.broker(timeout=5).items()}
    with Celery(set_as_current=False) as celery:
        celery.conf.update(settings)
        celery.send_task("celery.accumulate", ["consumed"])


def start_worker(children: Children, folder: Path, url: str) -> Child:
    options = ("--pool=solo", "--loglevel=INFO", "--without-mingle", "--without-gossip")
    return children.start(
        "celery",
        [sys.executable, "-m", "celery", "--app=config", "worker", *options],
        log=folder / "celery.log",
        cwd=BASE_DIR,
        environment=environment(url),
    )


@pytest.mark.parametrize("kind", ["redis", "valkey", "unix", "rediss", "valkeys", "sentinel"])
def test_limits_and_health_and_celery_use_the_server(
    kind: str, urls: dict[str, str], servers: RedisServers, folder: Path
) -> None:
    with servers.client() as client:
        client.flushall()
        use(urls[kind])
        assert set(client.keys()) >= {"limit/{somebody}/login", "celery"}

        with Children() as children:
            worker = start_worker(children, folder, urls[kind])
            worker.wait_until(lambda: "celery.accumulate" in worker.log.read_text(), seconds=60)
        said = worker.log.read_text()
        assert "succeeded" in said
        assert not client.exists("celery")
    assert PASSWORD not in said
    assert SECRET not in said


@pytest.mark.parametrize("fault", ["unknown authority", "another name"])
def test_server_that_cannot_prove_its_name_gets_nothing(
    fault: str, servers: RedisServers, authority: Authority
) -> None:
    name, query = ("localhost", "") if fault == "unknown authority" else ("elsewhere", None)
    if query is None:
        query = f"?ssl_ca_certs={authority.file}"
    port = servers.tls(authority, name=name)
    with servers.client() as client:
        client.flushall()
        tried = run(TRY, f"rediss://:{SECRET}@localhost:{port}/3{query}")

        assert tried.stdout.split() == ["ConnectionError", "OperationalError"], tried.stderr
        assert not client.keys()
    assert SECRET not in tried.stderr + tried.stdout


def test_owner_may_do_without_verification(servers: RedisServers, authority: Authority) -> None:
    port = servers.tls(authority)
    with servers.client() as client:
        client.flushall()

    use(f"rediss://:{SECRET}@localhost:{port}/3?ssl_cert_reqs=none")


def test_worker_does_not_start_on_a_cluster(
    servers: RedisServers, children: Children, folder: Path
) -> None:
    url = f"redis://{HOST}:{servers.cluster()}"

    worker = start_worker(children, folder, url)
    tried = run(TRY, url)

    assert children.wait(worker) != 0
    assert "REDIS_URL leads to a Redis Cluster, which Celery cannot use." in worker.log.read_text()
    assert tried.stdout.split()[0] == "RedisClusterError"


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{SECRET}@{HOST}:9/3",
        f"unix://:{SECRET}@/nowhere/valkey.sock?db=3",
        f"sentinel://:{SECRET}@{HOST}:9,{HOST}:10/3?master=m&sentinel_password={SECRET}",
    ],
    ids=["redis", "unix", "sentinel"],
)
def test_worker_that_cannot_connect_shows_no_password(url: str, folder: Path) -> None:
    with Children() as children:
        worker = start_worker(children, folder, url)
        worker.wait_until(lambda: "Cannot connect" in worker.log.read_text(), seconds=60)
    said = worker.log.read_text()

    assert PASSWORD not in said
    assert SECRET not in said
