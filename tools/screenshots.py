"""Takes the pictures of the README: ``screenshots.py ADDRESS EMAIL PASSWORD``.

``make demo`` prints the three. Needs Playwright and Pillow (``make browser``).
"""

import io
import os
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

PICTURES = Path(__file__).resolve().parent.parent / "pictures"
SIZE: ViewportSize = {"width": 1100, "height": 760}
COLOURS = 128
PAGES = {"account": "account/", "security": "account/security/"}
# The requests of a page are shown in development only.
HIDDEN = ".drawer { display: none !important }"


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.add_style_tag(content=HIDDEN)
    picture = Image.open(io.BytesIO(page.screenshot()))
    # Few colours are enough for pages, and keep the repository small.
    picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=COLOURS).save(
        PICTURES / f"{name}.png", optimize=True
    )


def main(address: str, email: str, password: str) -> None:
    home = address.rstrip("/").removesuffix("/account") + "/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"]
        )
        page = browser.new_context(viewport=SIZE, bypass_csp=True).new_page()
        page.goto(f"{home}account/sign-in/")
        take(page, "sign-in")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{home}account/")
        for name, path in PAGES.items():
            page.goto(home + path)
            take(page, name)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
