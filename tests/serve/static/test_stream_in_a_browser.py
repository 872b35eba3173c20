"""What MediaRecorder gives is streamed from a browser by the client of the documentation."""

from __future__ import annotations

import pytest
from support.documentation import blocks
from support.page_cases import CORRECT, SENTENCE

pytestmark = pytest.mark.slow


READ = """async (text) => {
    CLIENT
    const told = [];
    const words = ({ words }) => words.map((word) => word.text);
    try {
        const answer = await read(text, (phrase) => told.push(...words(phrase)));
        return { told, words: words(answer) };
    } catch (problem) {
        return { problem: problem.message };
    }
}"""


def read(page, address: str, mime_type: str, text: str) -> dict:
    """Read a text on a page, and return the words that were told as phrases and in the answer."""
    (_, client) = blocks("clients.md", "javascript")
    client = client.replace("127.0.0.1:8000", address.partition("//")[2])
    client = client.replace("(microphone)", f'(microphone, {{ mimeType: "{mime_type}" }})')
    return page.evaluate(READ.replace("CLIENT", client), text)


@pytest.mark.parametrize("mime_type", ["audio/webm", "audio/mp4"])
def test_what_is_recorded_is_told_and_ends_with_a_silence(open_page, microphone, address, mime_type):
    page = open_page(*microphone(CORRECT))
    answer = read(page, address, mime_type, SENTENCE)
    assert answer["told"] == answer["words"] == SENTENCE.rstrip(".").split()


def test_a_problem_is_an_error(open_page, microphone, address):
    answer = read(open_page(*microphone(CORRECT)), address, "audio/webm", "你好")
    assert "no English word" in answer["problem"]
