"""Runs a generated project in containers, and sends requests to it from outside."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pyotp
import yaml

HOST = "127.0.0.1"
FAILURES = (OSError, http.client.HTTPException)
"""Exceptions of a request without a complete response."""


def why_not() -> str | None:
    """Returns the reason why containers cannot run here, or None."""
    if not shutil.which("docker"):
        return "there is no docker"
    if subprocess.run(["docker", "version"], capture_output=True, check=False).returncode:
        return "the Docker engine does not respond"
    if subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    ).returncode:
        return "docker has no compose"
    return None


def why_not_had(images: Iterable[str]) -> str | None:
    """Returns the reason why an image is missing and cannot be pulled, or None.

    Args:
        images: names with a tag.
    """
    for image in images:
        if subprocess.run(
            ["docker", "image", "inspect", image], capture_output=True, check=False
        ).returncode:
            pulled = subprocess.run(
                ["docker", "pull", image], capture_output=True, text=True, check=False
            )
            if pulled.returncode:
                return f"{image} is not available: {pulled.stderr.strip().splitlines()[-1]}"
    return None


def free_port() -> int:
    with closing(socket.create_server((HOST, 0))) as server:
        port: int = server.getsockname()[1]
    return port


def free_range(length: int) -> range:
    """Returns consecutive free ports."""
    while True:
        first = free_port()
        ports = range(first, first + length)
        with suppress(OSError, OverflowError), ExitStack() as servers:
            for port in ports:
                servers.enter_context(closing(socket.create_server((HOST, port))))
            return ports


def until(what: Callable[[], bool], seconds: float = 120) -> None:
    end = monotonic() + seconds
    while not what():
        assert monotonic() < end, f"not within {seconds} seconds"
        Event().wait(0.1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: str

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Stack:
    """The containers of the project's compose files.

    Args:
        project: a generated project. Its slug is the name of its containers and its image.
        headers: sent with every request to the web server, as by a proxy.
    """

    def __init__(self, project: Path, headers: Mapping[str, str]) -> None:
        self.project, self.headers = project, headers
        self.name = project.name.replace("_", "-")
        self.web, self.mailpit = free_port(), free_port()
        self.environment = {**os.environ, "WEB_PORT": str(self.web)}
        self.environment["MAILPIT_PORT"] = str(self.mailpit)
        self.said = ""

    def images(self) -> set[str]:
        """Returns the images that the build and the start require."""
        dockerfile = (self.project / "Dockerfile").read_text()
        described = yaml.safe_load(self.compose("config"))
        composed = {each["image"] for each in described["services"].values()}
        return {*re.findall(r"^FROM (\S+)", dockerfile, re.M), *composed} - {self.name}

    def run(self, *words: str) -> str:
        """Returns the output. A failure of the command fails the test."""
        ended = subprocess.run(
            words,
            cwd=self.project,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def compose(self, *words: str) -> str:
        return self.run("docker", "compose", *words)

    def remove(self) -> None:
        self.compose("down", "--volumes", "--timeout", "1")
        self.run("docker", "image", "rm", "--force", self.name)

    def container(self, service: str, number: int = 1) -> dict[str, Any]:
        [container] = json.loads(self.run("docker", "inspect", f"{self.name}-{service}-{number}"))
        assert isinstance(container, dict)
        return container

    def web_port(self, number: int) -> int:
        """Returns the published port of a web container."""
        [published] = self.container("web", number)["NetworkSettings"]["Ports"]["8000/tcp"]
        return int(published["HostPort"])

    def is_live(self, port: int) -> bool:
        return _ask(port, "GET", "/health/live", None, self.headers).status == 200

    def is_healthy(self, service: str) -> bool:
        return bool(self.container(service)["State"]["Health"]["Status"] == "healthy")

    def crash(self, service: str) -> None:
        """Kills the process like a lack of memory: `docker kill` would prevent the restart."""
        before = self.container(service)["State"]
        within_the_host = ("--pid=host", "--privileged", "--user=0", "--entrypoint=sh")
        kill = f"kill -9 {before['Pid']}"
        self.run("docker", "run", "--rm", *within_the_host, self.name, "-c", kill)
        until(lambda: self.container(service)["State"]["StartedAt"] != before["StartedAt"])

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        access: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """
        Raises:
            OSError, http.client.HTTPException: there was no complete response.
        """
        bearer = {"Authorization": f"Bearer {access}"} if access else {}
        sent = {"Content-Type": "application/json", **self.headers, **bearer, **(headers or {})}
        return _ask(self.web, method, path, json.dumps(body) if body is not None else None, sent)

    def emails(self) -> dict[str, str]:
        """Returns the id of the latest e-mail to each address, from Mailpit."""
        answer = _ask(self.mailpit, "GET", "/api/v1/messages?limit=1000", None, {})
        return {each["To"][0]["Address"]: each["ID"] for each in answer.json()["messages"]}

    def text_to(self, address: str) -> str:
        """Waits for an e-mail to the address, and returns its text."""
        until(lambda: address in self.emails())
        email = self.emails()[address]
        text: str = _ask(self.mailpit, "GET", f"/api/v1/message/{email}", None, {}).json()["Text"]
        return text

    def shell(self, script: str) -> None:
        """Runs Python in the web container, with Django set up."""
        self.compose("exec", "-T", "web", "python", "manage.py", "shell", "-c", script)


def _ask(port: int, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
    with closing(http.client.HTTPConnection(HOST, port, timeout=30)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace")
    cookies = SimpleCookie()
    for cookie in answer.headers.get_all("Set-Cookie") or []:
        cookies.load(cookie)
    values = {name: morsel.value for name, morsel in cookies.items()}
    return Answer(answer.status, dict(answer.getheaders()), values, said)


class Admin:
    """An administrator who signs in and sets up a second factor."""

    def __init__(self, stack: Stack, email: str, password: str) -> None:
        self._stack = stack
        login = stack.ask("POST", "/api/auth/login/", {"email": email, "password": password})
        challenge = {"setup_challenge_id": login.json()["setup_challenge_id"]}
        secret = stack.ask("POST", "/api/auth/mfa/setup/", challenge).json()["secret"]
        code = {**challenge, "code": pyotp.TOTP(secret).now()}
        signed_in = stack.ask("POST", "/api/auth/mfa/activate/", code)
        self.access: str = signed_in.json()["access"]
        self.token = signed_in.cookies["refresh_token"]

    def refresh(self) -> int:
        """Refreshes the session; without a new token, a later call sends the former one again."""
        cookie = {"Cookie": f"refresh_token={self.token}"}
        answer = self._stack.ask("POST", "/api/auth/refresh/", headers=cookie)
        if answer.status == 200:
            self.access, self.token = answer.json()["access"], answer.cookies["refresh_token"]
        return answer.status

    def invite(self, address: str) -> int:
        body = {"email": address, "role": "USER"}
        path = "/api/auth/registration/user-register/"
        return self._stack.ask("POST", path, body, access=self.access).status

    def sessions(self) -> list[dict[str, Any]]:
        answer = self._stack.ask("GET", "/api/auth/sessions/", access=self.access)
        assert answer.status == 200, answer.body
        sessions: list[dict[str, Any]] = json.loads(answer.body)
        return sessions


class Begun:
    """A request of which the server has only received the first byte of the body."""

    def __init__(self, stack: Stack, path: str, body: Mapping[str, object]) -> None:
        content = json.dumps(body).encode()
        self._rest = content[1:]
        self._connection = http.client.HTTPConnection(HOST, stack.web, timeout=30)
        self._connection.putrequest("POST", path, skip_host="Host" in stack.headers)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        for name, value in {**headers, **stack.headers}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders(content[:1])

    def finish(self) -> int:
        """Sends the rest. Returns the status of the response."""
        with closing(self._connection):
            self._connection.send(self._rest)
            return self._connection.getresponse().status
