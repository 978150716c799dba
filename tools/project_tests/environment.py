"""The settings that another environment makes, without a process of its own."""

import importlib
import sys
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings

import config
import config.env
import config.settings
from core.checks import STARTUP


def settings_of(**environment: str) -> dict[str, Any]:
    """The content of ``config.settings`` with these variables set as well."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        # The modules from before are restored afterwards.
        for name in ("env", "settings"):
            patch.setattr(config, name, getattr(config, name))
        for name in [*sys.modules]:
            if name == "config.env" or name.partition(".settings")[0] == "config":
                patch.delitem(sys.modules, name)
        read = vars(importlib.import_module("config.settings"))
    return {name: value for name, value in read.items() if name.isupper()}


def environment_of(**environment: str) -> override_settings:
    """The settings of now, changed as these variables change them."""
    before, after = settings_of(), settings_of(**environment)
    # The tests are connected to theirs.
    names = after.keys() - {"DATABASES"}
    return override_settings(
        **{name: after[name] for name in names if after[name] != before.get(name)}
    )


def reported() -> list[str]:
    """What the startup checks say, those of features excepted."""
    found = run_checks(tags=[STARTUP])
    return [m.msg for m in found if str(m.id).startswith(("core.", "accounts.", "mail."))]
