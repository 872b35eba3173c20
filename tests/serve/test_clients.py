"""The clients of the documentation get the answer of the engine, and say what is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.documentation import blocks
from support.serve_cases import TEXT, post, server
from support.speech_streams import FORMAT, spoken

pytestmark = pytest.mark.slow
ORG_JSON = Path("/usr/share/java/com.android.json.jar")


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
    script, _ = blocks("clients.md", "javascript")
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


@pytest.mark.skipif(shutil.which("kotlinc") is None, reason="not installed: apt-get install kotlin")
@pytest.mark.skipif(not ORG_JSON.is_file(), reason="not installed: apt-get install libandroid-json-java")
def test_the_client_in_kotlin(pocket, tmp_path):
    """Compiled, and run with the classes of Android that it uses."""
    (client,) = blocks("clients.md", "kotlin")
    use = """
fun main(arguments: Array<String>) {
    try {
        val answer = assess(File("clip.wav"), arguments[0])
        println("total ${answer.getJSONObject("total").getDouble("value")}")
        val words = answer.getJSONArray("words")
        for (index in 0 until words.length()) {
            val word = words.getJSONObject(index)
            val score = word.getJSONObject("score").getDouble("value")
            println("${word.getString("text")} ${word.getString("error")} $score")
        }
    } catch (problem: Exception) {
        println(problem.message)
    }
}
"""
    here = f"http://127.0.0.1:{pocket.client.base_url.port}"
    (tmp_path / "Client.kt").write_text(client.replace("https://speech.example", here) + use)
    (tmp_path / "clip.wav").write_bytes(FORMAT.wav(spoken()))
    compiled = ["kotlinc", "Client.kt", "-classpath", str(ORG_JSON), "-include-runtime", "-d", "client.jar"]
    subprocess.run(compiled, cwd=tmp_path, capture_output=True, check=True)

    def lines(text: str) -> list[str]:
        command = ["java", "-cp", f"client.jar:{ORG_JSON}", "ClientKt", text]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    assert lines(TEXT) == expected(pocket)
    assert "no English word" in lines("你好")[0]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_command(pocket, tmp_path):
    command, *_ = blocks("clients.md", "sh")
    done = run(["sh"], command, pocket, tmp_path)
    assert json.loads(done.stdout)["text"] == "I think so."
