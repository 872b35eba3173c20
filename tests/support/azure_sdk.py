"""Azure's Speech SDK for Python, and what the tests of it share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.serve_cases import TEXT, Server
from support.serve_gate import LIMIT_S, wait_until
from support.speech_streams import FORMAT, silence, spoken

speechsdk = pytest.importorskip(
    "azure.cognitiveservices.speech", reason="Azure's Speech SDK for Python is not installed"
)


def write_wav(path: Path, repeat: int = 1) -> Path:
    """Write the spoken example, several times if asked."""
    path.write_bytes(FORMAT.wav((spoken() + silence(0.5)) * repeat))
    return path


def recognizer(
    server: Server, audio: Any, key: str = "KEY", properties: dict[Any, str] | None = None, **options: Any
) -> Any:
    """A recogniser that is to assess; `options` replace those of the assessment.

    Of a long file the SDK sends by default no more than two seconds each second; here it sends twenty.
    """
    address = f"ws://127.0.0.1:{server.client.base_url.port}"
    config = speechsdk.SpeechConfig(host=address, subscription=key)
    config.set_property_by_name("SPEECH-AudioThrottleAsPercentageOfRealTime", "2000")
    for name, value in (properties or {}).items():
        config.set_property(name, value)
    made = speechsdk.SpeechRecognizer(config, audio)
    asked = {
        "referenceText": TEXT,
        "gradingSystem": "HundredMark",
        "granularity": "Phoneme",
        "dimension": "Comprehensive",
    }
    speechsdk.PronunciationAssessmentConfig(json_string=json.dumps(asked | options)).apply_to(made)
    return made


def from_file(path: Path) -> Any:
    return speechsdk.AudioConfig(filename=str(path))


def json_of(result: Any) -> dict[str, Any]:
    """The message of the service that a result came from."""
    return json.loads(result.properties[speechsdk.PropertyId.SpeechServiceResponse_JsonResult])


def recognise_all(made: Any) -> list[Any]:
    """All results of continuous recognition, until the audio ends."""
    results: list[Any] = []
    stopped: list[bool] = []
    made.recognized.connect(lambda event: results.append(event.result))
    made.session_stopped.connect(lambda _: stopped.append(True))
    made.start_continuous_recognition_async().get()
    wait_until(lambda: bool(stopped), f"the recognition has ended within {LIMIT_S:g} s")
    made.stop_continuous_recognition_async().get()
    return results
