"""The id of a request gets to the worker, with the task."""

import json
import re
from typing import Any

from tests.mail.stage import Stage
from tests.waiting import until

ADA = "ada@example.test"


def entries(log: str) -> list[dict[str, Any]]:
    """Those of the log's lines that are one; Celery prints a banner as well."""
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def done(stage: Stage, task: str) -> list[dict[str, Any]]:
    found = re.compile(rf"Task {re.escape(task)}\[(.*)\] succeeded")
    return [
        {**entry, "task": match[1]}
        for entry in entries(stage.logs())
        if (match := found.match(entry["event"]))
    ]


def test_worker_logs_the_id_of_the_request_that_asked_for_the_task(stage: Stage) -> None:
    stage.start_worker()
    ids = {stage.browser().sign_up(f"{name}@example.test")["X-Request-ID"] for name in "abc"}

    until(lambda: {entry["request_id"] for entry in done(stage, "mail.tasks.send")} >= ids)


def test_task_that_no_request_has_asked_for_goes_by_its_own_id(stage: Stage) -> None:
    stage.start_worker()
    stage.browser().sign_up(ADA)
    until(lambda: done(stage, "mail.tasks.send"))
    stage.sweep()
    until(lambda: done(stage, "mail.tasks.sweep"))

    sweep = done(stage, "mail.tasks.sweep")[-1]
    assert sweep["request_id"] == sweep["task"]


def test_worker_logs_as_the_project_does(stage: Stage) -> None:
    worker = stage.start_worker()
    log = worker.log.read_text()

    ready = [entry["logger"] for entry in entries(log) if " ready." in entry["event"]]
    assert ready == ["celery.apps.worker"]
    assert not re.search(r"^\[\d{4}-", log, re.MULTILINE), "Celery's own format"
