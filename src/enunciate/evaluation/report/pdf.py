"""Prints a page to PDF with an installed Chromium-based browser in headless mode."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from enunciate.errors import EnunciateError
from enunciate.storage import writing_to

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
TIMEOUT_S = 120


class PdfError(EnunciateError):
    """There is no browser to print with, or it failed to print."""

    code = "pdf"


def find_browser() -> str:
    """Return the browser to print with.

    Raises:
        PdfError: None of `BROWSERS` is on the PATH.
    """
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise PdfError(
            "a PDF needs Chromium, Chrome or Edge on the PATH (Debian and Ubuntu: apt install chromium). Or "
            "open the HTML in any browser and print it to a file"
        )
    return browser


def print_pdf(page: Path, out: Path, browser: str) -> None:
    """Print a page to a file.

    Args:
        page: The HTML file.
        out: The PDF file to write.
        browser: The path of a browser, as `find_browser` returns it.

    Raises:
        PdfError: The browser fails, or takes longer than `TIMEOUT_S`.
        OutputError: The PDF cannot be written.
    """
    with writing_to(out), TemporaryDirectory() as folder:
        printed = Path(folder) / "page.pdf"
        command = [browser, "--headless", "--disable-gpu", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}"]
        if getattr(os, "geteuid", lambda: 1)() == 0:
            command.append("--no-sandbox")  # Chromium's sandbox refuses to run as root; the page is our own
        _run([*command, page.resolve().as_uri()])
        if not printed.is_file():
            raise PdfError(f"{browser} wrote no PDF: open {page} in a browser and print it to a file")
        shutil.copyfile(printed, out)


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise PdfError(f"{command[0]} did not print within {TIMEOUT_S} s: print the HTML by hand") from None
    except (OSError, subprocess.CalledProcessError) as error:
        stderr = getattr(error, "stderr", b"") or b""
        reason = stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [str(error)]
        raise PdfError(f"{command[0]} cannot print ({reason[0]}): print the HTML by hand") from error
