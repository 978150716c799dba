"""Secret scanners find the tokens of a project by its name."""

import json

from helpers import Bake


def test_prefix_of_tokens_is_the_slug_and_the_document_has_the_expression(bake: Bake) -> None:
    project = bake(project_slug="lamp_shop", api_tokens=True)

    document = (project / "docs" / "api-tokens.md").read_text()
    defaults = json.loads((project / "config" / "defaults.json").read_text())
    assert defaults["PROJECT_SLUG"] == "lamp_shop"
    assert "\nlamp_shop_[0-9A-Za-z]{52}[0-9a-f]{8}\n" in document
    assert "# API_TOKEN_PREFIX=lamp_shop\n" in (project / ".env.example").read_text()
