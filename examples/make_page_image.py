"""Make the picture of the page in the README: the result of the example clip, from a running service.

    enunciate serve &
    python examples/make_page_image.py [--address http://127.0.0.1:8000] [--out docs/images/page.png]

Needs Playwright (`pip install playwright`) and Chromium (`apt-get install chromium`).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import FloatRect, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CLIP = ROOT / "examples" / "i_think_the_weather_is_nice.flac"
WIDTH, SCALE = 960, 1.25
"""In CSS pixels, and image pixels per CSS pixel; the image is 1,200 pixels wide."""
MARGIN = 24

# Chromium without a desktop has no voice, and the page would hide the buttons that desktops show.
VOICE = 'speechSynthesis.getVoices = () => [{ name: "A", lang: "en-US", localService: true }];'


def show_result(page: Page, address: str) -> None:
    """Assess the clip, open the word with the wrong sound, and scroll to the result."""
    page.add_init_script(VOICE)
    page.goto(address)
    page.wait_for_selector("#record[data-state=idle]")
    page.set_input_files("#file", CLIP)
    page.wait_for_selector(".attempts li")
    page.click(".word[data-state=wrong]")
    page.wait_for_selector(".playhead[visibility=hidden]", state="attached")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def result_area(page: Page) -> FloatRect:
    """Return the area from the title of the result to the first row of scores."""
    top = page.locator("#result-title").bounding_box()
    bottom = page.locator(".score").first.bounding_box()
    assert top and bottom
    y = top["y"] - MARGIN
    width = page.evaluate("document.documentElement.clientWidth")
    return {"x": 0, "y": y, "width": width, "height": bottom["y"] + bottom["height"] + MARGIN // 2 - y}


def main() -> None:
    """Make the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the service listens")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "page.png")
    parser.add_argument("--width", type=int, default=WIDTH, help="in CSS pixels")
    parser.add_argument("--dark", action="store_true", help="use the dark colour scheme")
    arguments = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": arguments.width, "height": 1000},
            device_scale_factor=SCALE,
            color_scheme="dark" if arguments.dark else "light",
            reduced_motion="reduce",
        )
        show_result(page, arguments.address)
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=arguments.out, clip=result_area(page), full_page=True)
        browser.close()
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
