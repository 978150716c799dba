"""The table of docs/social-login.md is what the code decides."""

import re
from itertools import product
from pathlib import Path

import pytest

from social_login.linking import Decision, Standing, decide

PAGE = Path(__file__).parents[2] / "docs" / "social-login.md"
_ROW = re.compile(r"^\| (.+) \| (.+) \| (yes|no|any) \| (open|closed|any) \| `(\w+)` \| (.*?) ?\|$")
_ANY = {"any": (True, False), "yes": (True,), "no": (False,), "open": (True,), "closed": (False,)}

Case = tuple[Standing, Standing, bool, bool]


def _standings(cell: str) -> list[Standing]:
    return [*Standing] if cell == "any" else [Standing(name) for name in cell.split(", ")]


def _described() -> dict[Case, tuple[str, str]]:
    """The first row that has the case counts."""
    page = PAGE.read_text(encoding="utf-8")
    found: dict[Case, tuple[str, str]] = {}
    for linked, holder, verified, sign_up, outcome, error in filter(
        None, (row and row.groups() for row in map(_ROW.match, page.splitlines()))
    ):
        cases = product(_standings(linked), _standings(holder), _ANY[verified], _ANY[sign_up])
        for case in cases:
            found.setdefault(case, (outcome, error.strip("`")))
    return found


def _decide(case: Case) -> Decision:
    linked, holder, email_verified, sign_up_is_open = case
    return decide(
        linked=linked,
        holder=holder,
        email_verified=email_verified,
        sign_up_is_open=sign_up_is_open,
    )


ALL = [*product(Standing, Standing, (True, False), (True, False))]


def test_the_table_has_every_case() -> None:
    assert _described().keys() == set(ALL)


def test_the_table_is_what_is_decided() -> None:
    described = _described()
    for case in ALL:
        decision = _decide(case)
        error = decision.error.default_code if decision.error else ""
        assert (str(decision.outcome), error) == described[case], case


@pytest.mark.parametrize("holder", Standing)
def test_an_unverified_address_gets_one_answer_for_every_holder(holder: Standing) -> None:
    answers = {_decide((Standing.ABSENT, holder, False, is_open)) for is_open in (True, False)}

    assert answers == {_decide((Standing.ABSENT, Standing.ABSENT, False, True))}
