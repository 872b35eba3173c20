"""Azure's Speech SDK for JavaScript works in a browser, on the origin of the page and under its policy."""

from __future__ import annotations

import base64

import pytest
from support.page_cases import EXAMPLE, SENTENCE
from support.paths import REPOSITORY
from support.speech_streams import FORMAT, spoken

from enunciate.serve.azure.websocket.frames import parse_binary

BUNDLE = (
    REPOSITORY
    / "tests/node/node_modules/microsoft-cognitiveservices-speech-sdk/distrib/browser"
    / "microsoft.cognitiveservices.speech.sdk.bundle.js"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BUNDLE.is_file(), reason="the SDK is not installed: npm ci --prefix tests/node"),
]
RECOGNISE = """async ([text, wav, key]) => {
    const { SpeechSDK } = window;
    const host = new URL(location.origin.replace("http", "ws"));
    const config = SpeechSDK.SpeechConfig.fromHost(host, key);
    const bytes = Uint8Array.from(atob(wav), (letter) => letter.charCodeAt(0));
    const audio = wav
        ? SpeechSDK.AudioConfig.fromWavFileInput(new File([bytes], "clip.wav"))
        : SpeechSDK.AudioConfig.fromDefaultMicrophoneInput();
    // Else the SDK first tries an AudioWorklet from a blob, which the policy of the page forbids.
    if (!wav) audio.setProperty("MICROPHONE-WorkletSourceUrl", "ignore");
    const recognizer = new SpeechSDK.SpeechRecognizer(config, audio);
    new SpeechSDK.PronunciationAssessmentConfig(
        text,
        SpeechSDK.PronunciationAssessmentGradingSystem.HundredMark,
        SpeechSDK.PronunciationAssessmentGranularity.Phoneme,
        true,
    ).applyTo(recognizer);
    const result = await new Promise((resolve, reject) => recognizer.recognizeOnceAsync(resolve, reject));
    recognizer.close();
    if (result.reason !== SpeechSDK.ResultReason.RecognizedSpeech) return { problem: result.errorDetails };
    const assessed = SpeechSDK.PronunciationAssessmentResult.fromResult(result);
    return {
        score: assessed.pronunciationScore,
        words: assessed.detailResult.Words.map((word) => [word.Word, word.PronunciationAssessment.ErrorType]),
    };
}"""
WAV_HEADER_BYTES = 44
HEARD = [
    ["i", "None"],
    ["think", "None"],
    ["the", "None"],
    ["weather", "None"],
    ["is", "None"],
    ["nice", "Mispronunciation"],
    ["today", "None"],
]


def recognise(page, wav: bytes = b"", text: str = SENTENCE) -> dict:
    page.route("**/static/azure-sdk.js", lambda route: route.fulfill(path=BUNDLE))
    page.add_script_tag(url="static/azure-sdk.js")
    return page.evaluate(RECOGNISE, [text, base64.b64encode(wav).decode(), "KEY"])


def audio_sent(page) -> list[bytes]:
    """The audio of the messages that the page sends on websockets from now on, in a list that grows."""
    bodies: list[bytes] = []

    def note(payload: str | bytes) -> None:
        if isinstance(payload, bytes) and (message := parse_binary(payload)).path == "audio":
            bodies.append(message.body)

    page.on("websocket", lambda socket: socket.on("framesent", note))
    return bodies


def test_a_file_is_assessed(open_page):
    result = recognise(open_page(), FORMAT.wav(spoken()))
    assert 0 < result["score"] <= 100
    assert [[word.lower(), error] for word, error in result["words"]] == HEARD


def test_a_microphone_is_assessed(open_page, microphone):
    """What the SDK captured is assessed, word for word as the same samples from a file.

    Where the reading begins in it depends on how busy the machine is, and so do scores near a limit:
    whether "nice" counts as mispronounced is asserted of a file alone.
    """
    page = open_page(*microphone(EXAMPLE), warns="ScriptProcessorNode is deprecated")
    sent = audio_sent(page)
    result = recognise(page)
    captured = b"".join(sent)[WAV_HEADER_BYTES:]
    assert 0 < result["score"] <= 100
    assert [word.lower() for word, _ in result["words"]] == [word for word, _ in HEARD]
    assert result == recognise(page, FORMAT.wav(captured))


def test_the_reason_of_a_refusal_reaches_the_page(open_page):
    assert "no English word" in recognise(open_page(), FORMAT.wav(spoken()), "你好")["problem"]
