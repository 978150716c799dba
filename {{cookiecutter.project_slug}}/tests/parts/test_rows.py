"""What is done to many rows."""

from types import SimpleNamespace

import pytest

from accounts.rows import unhurried


def test_batches_leave_half_of_the_time_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = iter([0.0, 3.0, 10.0, 11.0])
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: next(looked_at), sleep=slept.append)
    monkeypatch.setattr("accounts.rows.time", clock)

    assert list(unhurried(iter("abc"), 2)) == [["a", "b"], ["c"]]

    assert slept == [3.0, 1.0]
