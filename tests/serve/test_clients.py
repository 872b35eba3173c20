"""The clients of the documentation get the answer of the engine, and say what is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from support.documentation import blocks
from support.serve_cases import TEXT, post, server
from support.speech_streams import FORMAT, spoken

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pocket():
    with server(model="pocket") as running:
        yield running


def run(command: list[str], script: str, pocket, folder) -> subprocess.CompletedProcess[str]:
    (folder / "clip.wav").write_bytes(FORMAT.wav(spoken()))
    (folder / "client").write_text(script.replace(":8000", f":{pocket.client.base_url.port}"))
    return subprocess.run([*command, "client"], cwd=folder, capture_output=True, text=True, check=False)


def expected(pocket) -> list[str]:
    answer = post(pocket.client, TEXT, FORMAT.wav(spoken())).json()
    words = [f"{word['text']} {word['error']} {word['score']['value']}" for word in answer["words"]]
    return [f"total {answer['total']['value']}", *words]


def test_the_client_in_python(pocket, tmp_path):
    (script,) = blocks("clients.md", "python")
    assert run([sys.executable], script, pocket, tmp_path).stdout.splitlines() == expected(pocket)
    wrong = run([sys.executable], script.replace(TEXT, "你好"), pocket, tmp_path)
    assert (wrong.returncode, "no English word" in wrong.stderr) == (1, True)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_client_in_javascript(pocket, tmp_path):
    (script,) = blocks("clients.md", "javascript")
    use = """
const recording = new Blob([require("node:fs").readFileSync("clip.wav")]);
assess(recording, %s).then(({ total, words }) => {
  console.log("total", total.value);
  for (const { text, error, score } of words) console.log(text, error, score.value);
}, (error) => console.log(error.message));
"""
    right = run(["node"], script + use % json.dumps(TEXT), pocket, tmp_path)
    assert right.stdout.splitlines() == [line.removesuffix(".0") for line in expected(pocket)]
    assert "no English word" in run(["node"], script + use % '"你好"', pocket, tmp_path).stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_command(pocket, tmp_path):
    command, *_ = blocks("clients.md", "sh")
    done = run(["sh"], command, pocket, tmp_path)
    assert json.loads(done.stdout)["text"] == "I think so."
