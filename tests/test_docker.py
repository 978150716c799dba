"""The project in Docker: the image, the running containers, and recovery from crashes."""

import json
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

import composed
import post_gen_project as hook
import pytest
import template as house
import yaml
from composed import Admin, Answer, Begun, Stack, until
from helpers import variables

WHY_NOT = composed.why_not()
pytestmark = [
    pytest.mark.skipif(WHY_NOT is not None, reason=f"No containers here: {WHY_NOT}."),
    pytest.mark.timeout(900),
]

MEGABYTE = 1_000_000
APPS = ["web", "worker", "beat"]
PASSWORD = "a good long pass phrase"
ADMIN = "admin@example.test"
TIME_PASSES = """
from django.utils.timezone import now
from mail.models import Mail
Mail.objects.filter(state="pending").update(due_at=now(), claimed_until=None)
"""
"""Makes every pending e-mail due again, also one that a dead worker has claimed."""
UNLIMITED = "refresh=off,invitation=off,anon=off,user=off"
Scale = Callable[[str], list[int]]
MAIL = {
    "services": {
        "mailpit": {"image": "axllent/mailpit:v1.27", "ports": ["127.0.0.1:${MAILPIT_PORT}:8025"]}
    }
}


PROXY = {"Host": "shop.test", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def slug() -> str:
    """Returns a name that no other run on the same engine uses."""
    return f"gatehouse_{secrets.token_hex(4)}"


@contextmanager
def removed_afterwards(stack: Stack) -> Iterator[Stack]:
    """Skips the tests of the stack without its images. Removes the stack afterwards."""
    if reason := composed.why_not_had(stack.images()):
        pytest.skip(reason)
    try:
        yield stack
    finally:
        stack.remove()


@pytest.fixture(scope="module")
def development(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The project with the default answers, started by `make up`."""
    folder = tmp_path_factory.mktemp("docker")
    folder.chmod(0o755)
    project = house.bake(template, folder, {"project_slug": slug()})
    with removed_afterwards(Stack(project, {})) as stack:
        stack.said = stack.run("make", "up")
        yield stack


@pytest.fixture(scope="module")
def production(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Production behind a proxy that terminates TLS, with invitations, MFA and a mail server."""
    answers = {"admin_managed_registration": True, "mfa_mode": "required", "domain": "shop.test"}
    folder = tmp_path_factory.mktemp("docker")
    project = house.bake(template, folder, {**answers, "project_slug": slug()})
    (folder / "mail.yaml").write_text(yaml.safe_dump(MAIL))
    with (project / ".env").open("a") as env:
        env.write(f"COMPOSE_FILE=compose.yaml:{folder / 'mail.yaml'}\nALLOWED_HOSTS=shop.test\n")
        env.write("TRUSTED_PROXY_COUNT=1\nEMAIL_URL=smtp://mailpit:1025\n")
        env.write(f"THROTTLE_RATES={UNLIMITED}\n")
    with removed_afterwards(Stack(project, PROXY)) as stack:
        stack.compose("up", "--build", "--detach", "--wait")
        yield stack


@pytest.fixture(scope="module")
def admin(production: Stack) -> Admin:
    create = ("exec", "-T", "-e", f"DJANGO_SUPERUSER_PASSWORD={PASSWORD}", "web")
    make = ("python", "manage.py", "createsuperuser", "--no-input", "--email", ADMIN)
    production.compose(*create, *make)
    return Admin(production, ADMIN, PASSWORD)


def sign_in(development: Stack) -> Answer:
    """Signs in with the demo account that `make up` printed."""
    email, password = re.findall(r"(user@example\.com) +(\S+)", development.said)[-1]
    return development.ask("POST", "/api/auth/login/", {"email": email, "password": password})


def test_unavailable_image_is_named() -> None:
    """It is the reason for skipping the tests."""
    nowhere = "registry.invalid/nothing:1"

    assert str(composed.why_not_had([nowhere])).startswith(f"{nowhere} is not available: ")


# Development


def test_make_up_ends_with_an_address_and_accounts_that_sign_in(development: Stack) -> None:
    assert f"http://localhost:{development.web}/\n" in development.said
    assert f"http://localhost:{development.mailpit}\n" in development.said
    assert sign_in(development).status == 200


def test_emails_of_development_are_in_mailpit_and_link_to_web(development: Stack) -> None:
    sign_up = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}
    passwords = {"password1": PASSWORD, "password2": PASSWORD}

    assert development.ask("POST", "/api/auth/registration/", sign_up | passwords).status == 201

    text = development.text_to("ada@example.com")
    assert f"http://localhost:{development.web}/api/auth/" in text


def test_static_files_of_development_are_served_without_collectstatic(development: Stack) -> None:
    assert development.ask("GET", "/static/admin/css/base.css").status == 200


def test_changed_code_is_reloaded(development: Stack) -> None:
    health = development.project / "core" / "health.py"
    health.write_text(health.read_text().replace('{"status": "ok"}', '{"status": "edited"}'))

    def serves_the_change() -> bool:
        try:
            return "edited" in development.ask("GET", "/health/live").body
        except composed.FAILURES:
            return False

    until(serves_the_change)


def test_data_survive_make_down(development: Stack) -> None:
    development.shell("from accounts.models import User; User.objects.update(first_name='Kept')")

    development.run("make", "down")
    development.said = development.run("make", "up")

    access = sign_in(development).json()["access"]
    user = development.ask("GET", "/api/auth/user/", access=access)
    assert user.json()["first_name"] == "Kept"


# The image


def in_image(stack: Stack, script: str, *options: str) -> list[str]:
    command = ("--entrypoint", "sh", *options, stack.name, "-c", script)
    return stack.run("docker", "run", "--rm", *command).split()


def size(stack: Stack, image: str) -> int:
    sizes = stack.run("docker", "history", "--human=false", "--format={{.Size}}", image)
    return sum(map(int, sizes.split()))


def test_image_adds_less_than_250_megabytes_to_its_base(production: Stack) -> None:
    base = re.findall(r"^FROM (\S+)$", (production.project / "Dockerfile").read_text(), re.M)[-1]

    assert size(production, production.name) - size(production, base) <= 250 * MEGABYTE


def test_image_runs_as_an_unprivileged_user(production: Stack) -> None:
    assert in_image(production, "id -u; id -g") == ["10001", "10001"]


def test_image_has_no_setuid_or_setgid_program(production: Stack) -> None:
    assert in_image(production, "find / -xdev -type f -perm /6000", "--user=0") == []


def test_image_has_no_installer_and_no_compiler(production: Stack) -> None:
    assert (
        in_image(production, "for p in pip uv gcc cc make git; do command -v $p; done; true") == []
    )
    found = in_image(production, "find / -xdev -name 'pip*' -o -xdev -name 'uv'", "--user=0")
    assert found == []


def test_image_has_only_the_files_of_the_server(production: Stack) -> None:
    kept = set(in_image(production, "ls -A /app"))

    apps = {"accounts", "config", "core", "mail", "static", "staticfiles", "templates"}
    assert kept == {*apps, "manage.py", "pyproject.toml", "uv.lock", "LICENSE"}


def test_image_has_a_health_check_and_a_stop_signal(production: Stack) -> None:
    [image] = json.loads(production.run("docker", "inspect", production.name))

    assert "/health/live" in image["Config"]["Healthcheck"]["Test"][-1]
    assert image["Config"]["StopSignal"] == "SIGTERM"


def test_image_has_no_writable_files(production: Stack) -> None:
    assert in_image(production, "find / -xdev -writable -type f 2>/dev/null; true") == []


def test_secrets_are_not_in_the_image(production: Stack) -> None:
    described = production.run("docker", "inspect", production.name)
    history = production.run("docker", "history", "--no-trunc", production.name)
    secrets = variables(production.project / ".env").values()

    assert [
        secret for secret in secrets if len(secret) > 30 and secret in described + history
    ] == []


# The running containers


@pytest.mark.parametrize("service", APPS)
def test_process_has_a_read_only_file_system_and_no_privileges(
    service: str, production: Stack
) -> None:
    host = production.container(service)["HostConfig"]

    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert "no-new-privileges:true" in host["SecurityOpt"]


@pytest.mark.parametrize("service", [*APPS, "postgres", "redis"])
def test_container_has_a_memory_limit_and_a_process_limit(service: str, production: Stack) -> None:
    host = production.container(service)["HostConfig"]

    assert 0 < host["Memory"] <= 1024 * MEGABYTE * 1.05
    assert 0 < host["PidsLimit"] <= 256


def test_container_has_time_to_stop_and_is_restarted(production: Stack) -> None:
    for service in APPS:
        container = production.container(service)
        assert container["Config"]["StopTimeout"] == 45
        assert container["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_only_the_web_server_publishes_a_port_and_only_on_this_machine(
    production: Stack,
) -> None:
    services = ["web", "worker", "beat", "postgres", "redis"]
    ports = {name: production.container(name)["HostConfig"]["PortBindings"] for name in services}

    assert {name for name, published in ports.items() if published} == {"web"}
    [binding] = ports["web"]["8000/tcp"]
    assert binding["HostIp"] == "127.0.0.1"


def test_database_and_redis_have_an_internal_network(production: Stack) -> None:
    for service in ("postgres", "redis"):
        [network] = production.container(service)["NetworkSettings"]["Networks"]
        assert (
            production.run("docker", "network", "inspect", "-f={{.Internal}}", network) == "true\n"
        )


@pytest.mark.parametrize("name", hook.SECRETS)
def test_missing_secret_is_reported_before_anything_starts(name: str, production: Stack) -> None:
    asked = subprocess.run(
        ["docker", "compose", "config", "--quiet"],
        cwd=production.project,
        env={**production.environment, name: ""},
        text=True,
        capture_output=True,
        check=False,
    )

    assert asked.returncode != 0
    assert name in asked.stderr


def test_production_ignores_debug_in_env(production: Stack) -> None:
    assert variables(production.project / ".env")["DEBUG"] == "True"
    assert production.ask("GET", "/api/docs/").status == 404
    assert "<code>" not in production.ask("GET", "/nowhere/").body


def test_every_check_of_production_passes(production: Stack) -> None:
    check = ("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    production.compose("exec", "-T", "web", *check)


def test_static_files_are_compressed_and_immutable(production: Stack) -> None:
    page = production.ask("GET", "/admin/login/").body
    [style] = re.findall(r"/static/admin/css/base\.\w+\.css", page)

    answer = production.ask("GET", style, headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]


def test_data_of_postgresql_are_in_the_volume(production: Stack) -> None:
    asked = ("psql", "--username=app", "--tuples-only", "--no-align", "-c", "SHOW data_directory")
    folder = production.compose("exec", "-T", "postgres", *asked).strip()

    mounts = production.container("postgres")["Mounts"]
    holding = max(
        (mount for mount in mounts if f"{folder}/".startswith(f"{mount['Destination']}/")),
        key=lambda mount: len(mount["Destination"]),
    )
    assert holding["Name"] == f"{production.name}_postgres"


def test_invitation_reaches_its_mailbox(production: Stack, admin: Admin) -> None:
    assert admin.invite("grace@example.test") == 201

    assert "https://shop.test/api/auth/" in production.text_to("grace@example.test")


# Crashes and restarts


def test_crashed_services_recover_under_load_and_nothing_is_lost(
    production: Stack, admin: Admin
) -> None:
    over, served = Event(), Event()
    invited: list[str] = []
    statuses: set[int] = set()
    sessions = len(admin.sessions())

    def load() -> None:
        for number in range(100_000):
            if over.wait(0.02):
                return
            address = f"load{number}@example.test"
            try:
                statuses.add(admin.refresh())
                if admin.invite(address) == 201:
                    invited.append(address)
                    served.set()
            except composed.FAILURES:
                continue

    with ThreadPoolExecutor(1) as clients:
        running = clients.submit(load)
        try:
            for service in ("worker", "redis", "postgres"):
                production.crash(service)
                until(partial(production.is_healthy, service))
                served.clear()
                until(served.is_set)
        finally:
            over.set()
        running.result()

    assert statuses <= {200, 503}, "a replayed token gets 401"
    assert admin.refresh() == 200
    assert len(admin.sessions()) == sessions
    production.shell(TIME_PASSES)
    until(lambda: set(invited) <= production.emails().keys())


def test_running_requests_are_completed_on_stop(production: Stack) -> None:
    bad = {"email": ADMIN, "password": "not that one"}
    requests = [Begun(production, "/api/auth/login/", bad) for _ in range(3)]
    # Gunicorn accepts in order: after this response, it has the requests above, each in a thread.
    assert production.ask("GET", "/health/live").status == 200

    with ThreadPoolExecutor(1) as operator:
        stopping = operator.submit(production.compose, "stop")
        until(lambda: "signal: term" in production.compose("logs", "--tail=50", "web"))
        statuses = [request.finish() for request in requests]
        stopping.result()
    ended = {name: production.container(name)["State"]["ExitCode"] for name in APPS}
    production.compose("up", "--detach", "--wait")

    assert statuses == [401] * len(requests)
    assert ended == dict.fromkeys(APPS, 0)


@pytest.fixture
def two_web_servers(production: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scale]:
    """``two_web_servers("8000-8001")`` returns both ports. One container runs again afterwards."""

    def start(number: int) -> None:
        # Existing containers would keep their numbers.
        production.compose("rm", "--stop", "--force", "web")
        production.compose("up", "--detach", "--wait", "--scale", f"web={number}")

    def scale(ports: str) -> list[int]:
        monkeypatch.setitem(production.environment, "WEB_PORTS", ports)
        start(2)
        return [production.web_port(number) for number in (1, 2)]

    yield scale
    monkeypatch.undo()
    start(1)


def test_two_web_containers_share_a_range_of_ports(
    production: Stack, two_web_servers: Scale
) -> None:
    first, last = composed.free_range(2)

    ports = two_web_servers(f"{first}-{last}")

    assert sorted(ports) == [first, last]
    assert all(map(production.is_live, ports))


def test_with_port_0_web_containers_use_free_ports(
    production: Stack, two_web_servers: Scale
) -> None:
    ports = two_web_servers("0")

    assert len(set(ports)) == 2
    assert all(map(production.is_live, ports))
