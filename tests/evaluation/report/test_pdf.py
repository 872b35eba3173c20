"""Printing a page with a browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from enunciate.evaluation.report import pdf


def test_a_browser_that_fails_is_reported(tmp_path: Path):
    page = tmp_path / "r.html"
    page.write_text("<p>x</p>")
    with pytest.raises(pdf.PdfError, match="wrote no PDF"):
        pdf.print_pdf(page, tmp_path / "r.pdf", shutil.which("true") or "true")
    with pytest.raises(pdf.PdfError, match="cannot print"):
        pdf.print_pdf(page, tmp_path / "r.pdf", str(tmp_path / "nothing"))


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, pdf.BROWSERS)), reason="no browser of the Chromium kind")
def test_a_browser_prints_the_page(tmp_path: Path):
    page = tmp_path / "r.html"
    page.write_text("<p>x</p>")
    pdf.print_pdf(page, tmp_path / "r.pdf", pdf.find_browser())
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
