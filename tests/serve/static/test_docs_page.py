"""The page /docs describes the interface, with nothing from other sites, to everybody."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def docs(open_page, address):
    def make(**how):
        page = open_page(**how)
        page.goto(f"{address}/docs")
        page.wait_for_selector("#Assessment")
        return page

    return make


def test_every_route_and_form_is_described(docs):
    page = docs()
    described = page.evaluate("fetch('openapi.json').then((answer) => answer.json())")
    headings = page.locator(".reference h2").all_inner_texts()
    routes = {f"{method.upper()} {path}" for path, of in described["paths"].items() for method in of}
    assert routes | set(described["components"]["schemas"]) == set(headings)
    field = page.locator("#ClipRequest tr", has_text="lexicon")
    assert "WORD PH1 PH2" in field.inner_text()


def test_links_lead_to_the_forms_of_objects(docs):
    page = docs()
    addresses = page.eval_on_selector_all(".reference a[href^='#']", "all => all.map(a => a.hash.slice(1))")
    assert addresses and all(page.locator(f"[id='{name}']").count() == 1 for name in set(addresses))


def test_commands_have_the_address_of_the_service(docs, address):
    commands = docs().locator("pre", has_text="curl").all_inner_texts()
    assert any(
        line == f"curl -F audio=@clip.wav --form-string 'text=I think so.' {address}/v1/assessments"
        for line in commands
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(docs, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    found = axe.Axe().run(docs(color_scheme=scheme))
    assert found.violations_count == 0, found.generate_report()


def test_nothing_is_wider_than_a_telephone(docs):
    page = docs(viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
