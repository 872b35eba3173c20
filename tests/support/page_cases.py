"""Clips, scripts and steps that the tests of the page share."""

from __future__ import annotations

import json
import time

from support.paths import ASSETS, EXAMPLES
from support.serve_gate import LIMIT_S

EXAMPLE = EXAMPLES / "i_think_the_weather_is_nice.flac"
"""Says "lice" for "nice"."""
CORRECT = ASSETS / "correct.flac"
WRONG_TEXT = ASSETS / "wrong_text.flac"
SENTENCE = "I think the weather is nice today."

# Notes which part of the recording a page played, what its voice said, and what its policy blocked.
WATCH = """
window.played = []; window.said = []; window.violations = [];
document.addEventListener("securitypolicyviolation",
  (e) => violations.push(`${e.violatedDirective} ${e.blockedURI}`));
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...how) {
  played.push(how);
  return start.apply(this, how);
};
"""
VOICE = """
speechSynthesis.getVoices = () => [{ name: "Ann", lang: "en-US", localService: true }];
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
speechSynthesis.speak = ({ text, rate }) => said.push([text, rate]);
speechSynthesis.cancel = () => {};
"""
NO_VOICE = "speechSynthesis.getVoices = () => [];"


def record(page, elapsed: str = "0:03") -> None:
    """Press Record, and press Stop after the elapsed time; by default, longer than any clip here."""
    page.click("#record")
    page.wait_for_selector("#record[data-state=recording]")
    shows(page, "#elapsed", elapsed)
    page.click("#record")


def answer_with(
    page,
    status: int,
    code: str,
    detail: str = "",
    headers: dict[str, str] | None = None,
    where: str = "**/v1/assessments",
) -> None:
    """Let the service respond with a problem from now on."""
    body = json.dumps({"type": f"urn:enunciate:problem:{code}", "detail": detail, "status": status})
    page.route(where, lambda route: route.fulfill(status=status, body=body, headers=headers or {}))


def until(page, expression: str) -> None:
    """Wait for a JavaScript expression to hold; Playwright's own way needs `eval`, which the page forbids."""
    end = time.monotonic() + LIMIT_S
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never came true: {expression}"
        time.sleep(0.05)


def shows(page, selector: str, text: str) -> None:
    """Wait for an element to hold a text."""
    page.locator(selector, has_text=text).wait_for()


def states(page) -> dict[str, str]:
    """Each word of the result with its state."""
    return dict(
        page.eval_on_selector_all(
            ".word", "words => words.map(word => [word.firstChild.textContent, word.dataset.state])"
        )
    )
