"""The table of docs/account-life.md says what the test of each act has found."""

from config.env import BASE_DIR
from tests.flows.test_account_life import COLUMNS, ENDS


def test_table_is_that_of_the_test() -> None:
    text = (BASE_DIR / "docs" / "account-life.md").read_text(encoding="utf-8")
    section = text.partition("## What ends what")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    head, _, *rows = cells
    found = {
        name: {column for column, cell in zip(head[1:], row, strict=True) if cell == "ends"}
        for name, *row in rows
    }
    assert tuple(head[1:]) == COLUMNS
    assert found == {name: ends for name, (_, ends) in ENDS.items()}
