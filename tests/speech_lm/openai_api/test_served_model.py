"""A model behind a server of OpenAI's protocol: requests, scores, and failures that are those of one clip."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from support import openai_server
from support.openai_server import (
    APA_TEXT,
    KEY,
    MDD_TEXT,
    completion,
    failure,
    right,
    samples_of,
    serving,
    token,
)
from support.speech_lm_cases import spoken_clip
from typer.testing import CliRunner

from enunciate.cli.app import app
from enunciate.engines import assess_each, load_assessor
from enunciate.errors import ModelNotFoundError, ModelServerError
from enunciate.evaluation.run import evaluate
from enunciate.schema import ASPECTS, Assessment, Clip, Failure, HumanScores, ReferenceWord, Utterance
from enunciate.speech_lm.openai_api.loading import load_served
from enunciate.speech_lm.prompts import SCORING_RUBRIC, TRANSCRIPTION_INSTRUCTION

pytestmark = pytest.mark.slow

NAME = f"openai:{openai_server.MODEL}"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def utterance(id: str = "a", text: str | None = "good day", seed: int = 0, **fields) -> Utterance:
    return Utterance(
        id=id, audio=Clip(samples=spoken_clip(0.8, seed), sample_rate_hz=16_000), text=text, **fields
    )


def seed_of(body: dict) -> int:
    """Which of the clips of `utterance` a request has."""
    heard, _ = samples_of(body)
    return min(range(9), key=lambda seed: float(np.abs(heard - spoken_clip(0.8, seed)).mean()))


def only_for(seed: int, reply):
    """Answer rightly for all clips but one."""
    return lambda body: reply if seed_of(body) == seed else right(body)


def test_a_clip_is_sent_as_wav_with_the_whole_rubric_and_comes_back_assessed():
    with serving() as server:
        (found,) = load_assessor(NAME, base_url=server.url).assess([utterance()])

    assert {a: getattr(found, a).value for a in ASPECTS} == {
        "accuracy": 8,
        "fluency": 7,
        "prosodic": 9,
        "total": 8,
    }
    assert found.total.distribution is None and (found.total.low, found.total.high) == (0, 10)
    assert found.transcript == "good day" and [word.text for word in found.words] == ["good", "day"]
    assert not any(phone.mispronounced for phone in found.phones)
    assert found.model == NAME
    (apa,), (mdd,) = server.asked("apa"), server.asked("mdd")
    for body, instruction in ((apa, SCORING_RUBRIC), (mdd, TRANSCRIPTION_INSTRUCTION)):
        audio, text = body["messages"][0]["content"]
        assert audio["type"] == "input_audio" and text == {"type": "text", "text": instruction}
        heard, _ = samples_of(body)
        np.testing.assert_allclose(heard, spoken_clip(0.8), atol=2**-14)
        assert body["model"] == openai_server.MODEL and "response_format" in body and body["logprobs"]
    assert set(server.keys) == {f"Bearer {KEY}"}


def test_scores_are_expectations_where_the_server_gives_log_probabilities():
    numbers = {"8": 0.5, "9": 0.5}
    rows = [
        *(token('{"accuracy": '), token("8", 0.5, numbers), token(', "fluency": '), token("7")),
        *(
            token(', "prosodic": '),
            token("9"),
            token(', "total": '),
            token("8", 0.75, {"10": 0.25}),
            token("}"),
        ),
    ]
    sounds = [token(MDD_TEXT[:-2], 0.25), token(MDD_TEXT[-2:])]

    def reply(body):
        return (
            completion(APA_TEXT, rows)
            if openai_server.task_of(body) == "apa"
            else completion(MDD_TEXT, sounds)
        )

    with serving(reply) as server:
        (found,) = load_assessor(NAME, base_url=server.url).assess([utterance()])

    assert found.accuracy.value == pytest.approx(8.5) and found.total.value == pytest.approx(8.5)
    assert (found.total.most_likely, found.total.low, found.total.high) == (8, 8, 10)
    assert found.total.distribution[10] == pytest.approx(0.25)
    assert [phone.heard_probability for phone in found.phones] == pytest.approx([0.25] * 5)


@pytest.mark.parametrize(
    ("reply", "code", "message"),
    [
        (completion(None, refusal="I cannot judge voices"), "model_refused", "I cannot judge voices"),
        (completion("", finish_reason="content_filter"), "model_refused", "a filter of content"),
        (failure(429, "slow down"), "model_server_busy", "slow down"),
        (failure(500, "out of memory"), "model_server", "out of memory"),
        (failure(400, "audio is too short"), "model_server", "audio is too short"),
        ((200, {}, {"choices": []}), "model_server", "without a choice"),
    ],
    ids=["refusal", "filter", "rate limit", "failure", "bad request", "no choice"],
)
def test_what_goes_wrong_for_one_clip_is_reported_for_it_alone_and_no_request_is_sent_twice(
    reply, code, message
):
    with serving(only_for(2, reply)) as server:
        engine = load_served(openai_server.MODEL, server.url, retries=0)
        outcomes = list(assess_each(engine, [utterance(str(n), seed=n) for n in range(5)]))

    assert [isinstance(one, Failure) for one in outcomes] == [False, False, True, False, False]
    assert outcomes[2].error.code == code and message in outcomes[2].error.message
    assert len(server.requests) == 2 * 5


def test_a_failed_clip_is_asked_about_again_the_next_time():
    replies = iter([failure(500, "busy"), failure(500, "busy")])
    with serving(lambda body: next(replies, None) or right(body)) as server:
        engine = load_served(openai_server.MODEL, server.url, retries=0)
        first, second = (next(assess_each(engine, [utterance()])) for _ in range(2))

    assert isinstance(first, Failure) and isinstance(second, Assessment)


def test_a_server_that_asks_to_wait_is_asked_again_after_that_time(monkeypatch):
    waits = []
    monkeypatch.setattr("openai._base_client.time.sleep", waits.append)
    limited = iter([failure(429, "slow down", {"Retry-After": "7"})] * 2)
    with serving(lambda body: next(limited, None) or right(body)) as server:
        (found,) = load_assessor(NAME, base_url=server.url).assess([utterance()])

    assert found.total.value == 8
    assert waits == [7, 7] and len(server.requests) == 4


def test_a_failing_server_is_given_more_time_with_each_attempt(monkeypatch):
    waits = []
    monkeypatch.setattr("openai._base_client.time.sleep", waits.append)
    with serving(only_for(0, failure(503, "loading"))) as server:
        engine = load_served(openai_server.MODEL, server.url, retries=3)
        with pytest.raises(ModelServerError, match="loading"):
            engine.recognise([utterance()])

    assert len(server.requests) == 4 and waits == sorted(waits) and waits[2] > 2 * waits[0]


def test_a_server_that_hangs_is_given_up():
    with serving() as server:
        engine = load_served(openai_server.MODEL, server.url, timeout_s=0.2, retries=0)
        server.reply = lambda body: server.closing.wait(30) and right(body)
        (outcome,) = assess_each(engine, [utterance()])

    assert outcome.error.code == "model_server_timeout"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("response_format", "'response_format' of type 'json_schema' is not supported with this model."),
        ("logprobs", "This model does not support logprobs."),
    ],
)
def test_what_a_server_does_not_support_is_left_out(name, message, caplog):
    def reply(body):
        return failure(400, message, param=name) if name in body else right(body)

    with serving(reply) as server, caplog.at_level(logging.WARNING):
        engine = load_assessor(NAME, base_url=server.url)
        outcomes = list(assess_each(engine, [utterance(str(n), seed=n) for n in range(3)]))
        asked = len(server.requests)
        engine.assess([utterance("later", seed=5)])

    assert [one.total.value for one in outcomes] == [8, 8, 8]
    assert len(server.requests) == asked + 2
    assert all(
        (name not in body and "top_logprobs" not in body) or name != "logprobs"
        for body in server.requests[-2:]
    )
    assert f"does not support {name}" in caplog.text


def test_an_answer_in_a_sentence_is_read_and_one_that_does_not_parse_is_kept_and_counted(tmp_path: Path):
    chatty = f"Here you are:\n```json\n{APA_TEXT}\n```"

    def reply(body):
        if openai_server.task_of(body) == "mdd":
            return completion("I would rather not.") if seed_of(body) == 1 else right(body)
        return failure(500, "broken") if seed_of(body) == 2 else completion(chatty)

    words = (
        ReferenceWord(text="GOOD", phones=("G", "UH1", "D"), phone_scores=(2, 2, 2)),
        ReferenceWord(text="DAY", phones=("D", "EY1"), phone_scores=(2, 2)),
    )
    scores = HumanScores(**dict.fromkeys(ASPECTS, 8))
    corpus = [utterance(str(n), seed=n, speaker=str(n % 2), scores=scores, words=words) for n in range(4)]
    with serving(reply) as server:
        found = evaluate(load_served(openai_server.MODEL, server.url, retries=0), corpus, tmp_path)

    assert (found.n_failed, found.n_unparsable_apa, found.n_unparsable_mdd) == (1, 0, 1)
    rows = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    assert rows[2]["error"].startswith("model_server: ") and "broken" in rows[2]["error"]
    assert rows[1]["assessment"]["unparsable"][0]["raw"] == "I would rather not."


def test_a_model_that_the_server_lacks_is_named_before_the_first_clip():
    with serving() as server:
        server.models = ["one", "two"]
        with pytest.raises(ModelNotFoundError, match=r"no model listener; it has one, two"):
            load_assessor(NAME, base_url=server.url)
        server.models = None
        assert load_assessor(NAME, base_url=server.url).assess([utterance()])[0].total.value == 8


def test_no_server_and_a_wrong_key_are_told_without_the_key(monkeypatch, caplog):
    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    refused = pytest.raises(ModelServerError, match="does not accept the key in OPENAI_API_KEY")
    with serving() as server, caplog.at_level(logging.DEBUG), refused as caught:
        load_assessor(NAME, base_url=server.url)
    assert "wrong" not in str(caught.value) and "wrong" not in caplog.text
    with pytest.raises(ModelServerError, match="cannot be reached"):
        load_served(openai_server.MODEL, server.url, retries=0)


def test_a_server_of_ones_own_needs_no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with serving() as server:
        assert load_assessor(NAME, base_url=server.url).assess([utterance()])[0].total.value == 8


def test_a_served_adapter_is_asked_as_its_recipe_says(tmp_path: Path):
    (tmp_path / "recipe.json").write_text(
        '{"kind": "phi4", "tasks": ["apa"], "prompt": {"rubric": false, "reference_text": true}}'
    )
    with serving(lambda _body: completion(APA_TEXT)) as server:
        engine = load_assessor(NAME, base_url=server.url, served_adapter=tmp_path)
        (found,) = engine.assess([utterance(text="Good day")])

    assert found.total.value == 8 and found.transcript is None
    (body,) = server.requests
    control, audio, text = body["messages"][0]["content"]
    assert control["text"] == "<|APA|>" and audio["type"] == "input_audio"
    assert text["text"] == "The learner was to read: GOOD DAY"


def test_an_adapter_with_control_tokens_of_its_own_cannot_be_asked(tmp_path: Path):
    (tmp_path / "recipe.json").write_text('{"kind": "phi4", "prompt": {"control": "special"}}')
    with pytest.raises(ModelNotFoundError, match=r"prompt\.control: text"):
        load_assessor(NAME, base_url="http://localhost:1/v1", served_adapter=tmp_path)


def test_the_command_line_asks_a_server(tmp_path: Path):
    sf.write(tmp_path / "a.wav", spoken_clip(0.8), 16_000)
    command = ["assess", str(tmp_path / "a.wav"), "--text", "good day", "--model", NAME, "--format", "json"]
    with serving() as server:
        done = CliRunner().invoke(app, [*command, "--base-url", server.url])
        by_environment = CliRunner().invoke(app, command, env={"OPENAI_BASE_URL": server.url})

    assert done.exit_code == 0, done.output
    assert Assessment.model_validate_json(done.stdout).total.value == 8
    assert by_environment.stdout == done.stdout
