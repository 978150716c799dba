"""`make demo` reads its answers as a shell would, and says what is wrong with them."""

import sys
from pathlib import Path

import pytest
from helpers import Command
from template import ROOT, questions, read_answers

SCRIPT = ROOT / "scripts" / "template.py"


def test_answers_are_words_with_an_equals_sign() -> None:
    assert read_answers(["mfa_mode=required", "project_name=My=Shop"]) == {
        "mfa_mode": "required",
        "project_name": "My=Shop",
    }


def test_an_unknown_question_ends_with_the_list_of_questions() -> None:
    with pytest.raises(SystemExit, match=r"no such question: mfa\..*mfa_mode"):
        read_answers(["mfa=required"])


def test_questions_are_those_that_people_are_asked() -> None:
    assert questions()[:2] == ["project_name", "project_slug"]
    assert not [name for name in questions() if name.startswith("_")]


def test_a_project_is_made_and_its_folder_told_last(command: Command, tmp_path: Path) -> None:
    result = command(sys.executable, SCRIPT, tmp_path, "project_name=My Shop")

    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == str(tmp_path / "my_shop")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("domain=http://x", "domain must be a domain alone"),
        ("mfa_mode=maybe", "the choices are ['disabled', 'optional', 'required']"),
        ("use_docker=perhaps", "could not be converted to a boolean"),
    ],
)
def test_a_bad_answer_is_one_message_without_a_traceback(
    command: Command, tmp_path: Path, answer: str, reason: str
) -> None:
    result = command(sys.executable, SCRIPT, tmp_path / "made", answer)

    assert result.returncode == 1
    assert reason in result.stderr
    assert "Traceback" not in result.stderr
