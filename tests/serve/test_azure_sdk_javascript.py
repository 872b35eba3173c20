"""Azure's Speech SDK for JavaScript works against the service, under Node."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from support.documentation import blocks
from support.paths import REPOSITORY
from support.serve_cases import TEXT, server
from support.speech_streams import FORMAT, spoken

NODE_MODULES = REPOSITORY / "tests" / "node" / "node_modules"
SDK = NODE_MODULES / "microsoft-cognitiveservices-speech-sdk"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed"),
    pytest.mark.skipif(not SDK.is_dir(), reason="the SDK is not installed: npm ci --prefix tests/node"),
]
CONTINUOUS = """
recognizer.recognized = (_, event) => console.log("recognized", event.result.text);
recognizer.sessionStopped = () => recognizer.close();
recognizer.startContinuousRecognitionAsync();
"""


@pytest.fixture(scope="module")
def port():
    with server(model="pocket") as running:
        yield running.client.base_url.port


def run(script: str, folder: Path, port: int) -> list[str]:
    """The lines that a script prints, in a folder with a clip."""
    (folder / "clip.wav").write_bytes(FORMAT.wav(spoken()))
    (folder / "node_modules").symlink_to(NODE_MODULES)
    (folder / "example.cjs").write_text(script.replace(":8000", f":{port}"))
    done = subprocess.run(["node", "example.cjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def example() -> str:
    (script,) = blocks("azure.md", "javascript")
    return script


def test_the_example_of_the_documentation_prints_scores(port, tmp_path):
    first, *lines = run(example(), tmp_path, port)
    assert 0 < float(first.removeprefix("pronunciation ")) <= 100
    assert [line.split()[0] for line in lines] == "i think the weather is nice today".split()
    assert lines[5].split()[1] == "Mispronunciation"


def test_a_reason_reaches_the_user(port, tmp_path):
    script = example().replace("I think the weather is nice today.", "你好")
    start = script.index("recognizer.recognizeOnceAsync")
    script = (
        script[:start]
        + "recognizer.recognizeOnceAsync((r) => { console.log(r.errorDetails); recognizer.close(); });"
    )
    (line,) = run(script, tmp_path, port)
    assert "no English word" in line and "1007" in line


def test_continuous_recognition_tells_its_phrases(port, tmp_path):
    script = example()
    script = script[: script.index("recognizer.recognizeOnceAsync")] + CONTINUOUS
    assert "recognized I think the weather is nice today." in run(script, tmp_path, port)


RECOGNISE = """
const fs = require("node:fs");
const speechsdk = require("microsoft-cognitiveservices-speech-sdk");
const wav = fs.readFileSync("clip.wav");

function recognise(asked, audio = speechsdk.AudioConfig.fromWavFileInput(wav)) {
  const config = speechsdk.SpeechConfig.fromHost(new URL("ws://127.0.0.1:8000"), "KEY");
  const recognizer = new speechsdk.SpeechRecognizer(config, audio);
  const all = { gradingSystem: "HundredMark", granularity: "Phoneme", dimension: "Comprehensive", ...asked };
  speechsdk.PronunciationAssessmentConfig.fromJSON(JSON.stringify(all)).applyTo(recognizer);
  return new Promise((resolve) => recognizer.recognizeOnceAsync((recognition) => {
    recognizer.close();
    resolve(speechsdk.PronunciationAssessmentResult.fromResult(recognition));
  }));
}
"""


def test_what_can_be_asked_for_is_answered(port, tmp_path):
    script = """
(async () => {
  const free = await recognise({});
  console.log(free.accuracyScore > 50, free.detailResult.Words.length);
  const ipa = await recognise({ referenceText: TEXT, phonemeAlphabet: "IPA", nbestPhonemeCount: 5 });
  const { Phoneme, PronunciationAssessment } = ipa.detailResult.Words[5].Phonemes[0];
  const { NBestPhonemes } = PronunciationAssessment;
  console.log(Phoneme, NBestPhonemes[0].Phoneme, NBestPhonemes.length);
  const other = "I think the lovely weather is today.";
  const miscue = await recognise({ referenceText: other, enableMiscue: true });
  console.log(miscue.detailResult.Words.map((word) => word.PronunciationAssessment.ErrorType).join(" "));
  const stream = speechsdk.AudioInputStream.createPushStream();
  stream.write(wav.subarray(44));
  stream.write(Buffer.alloc(64000)); // and no end
  const pushed = await recognise({ referenceText: TEXT }, speechsdk.AudioConfig.fromStreamInput(stream));
  console.log(pushed.detailResult.Words.length);
})();
"""
    free, ipa, miscue, pushed = run(RECOGNISE + script.replace("TEXT", f'"{TEXT}"'), tmp_path, port)
    assert (free, ipa, pushed) == ("true 0", "n l 5", "7")
    assert {"Omission", "Insertion", "None"} <= set(miscue.split())
    assert miscue.split()[3] == "Omission"


def test_a_wrong_key_is_told(tmp_path):
    with server(key_hashes=[hashlib.sha256(b"right").hexdigest()]) as guarded:
        script = example().replace("console.error(", "console.log(")
        (line,) = run(script, tmp_path, guarded.client.base_url.port)
    assert "Authentication" in line or "Unable to contact server" in line
