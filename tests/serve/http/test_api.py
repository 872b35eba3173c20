"""How the service responds, with a fake engine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re

import pytest
from support.serve_cases import CLIP, SPOKEN, TEXT, application, metric, post, tone

from enunciate.schema import Assessment
from enunciate.serve.http.app import create_app
from enunciate.serve.http.clip_request import MAX_TEXT
from enunciate.serve.settings import ServiceSettings
from enunciate.serve.workers.pool import ClipTimeoutError


@pytest.fixture(scope="module")
def client():
    with application(max_bytes=200_000, queue_size=7) as running:
        yield running


def encoded(audio: bytes = CLIP) -> str:
    return base64.b64encode(audio).decode()


def problem_of(response, status: int, code: str) -> str:
    """The detail of a problem, all else of which is checked."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}
    assert problem["status"] == status
    assert problem["type"] == f"urn:enunciate:problem:{code}"
    assert problem["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    return problem["detail"]


def test_a_form_and_json_get_the_same_assessment(client):
    form = client.post("/v1/assessments", files={"audio": CLIP}, data={"text": "think", "id": "a"})
    body = {"audio": encoded(), "text": "think", "id": "a"}

    assert form.status_code == 200
    assert form.headers["content-type"] == "application/json"
    assessment = Assessment.model_validate_json(form.content)
    assert (assessment.id, assessment.text, assessment.words[0].phones[0].heard) == ("a", "think", "S")
    assert client.post("/v1/assessments", json=body).json() == form.json()


def test_a_clip_without_id_gets_that_of_its_request(client):
    response = post(client)
    assert response.json()["id"] == response.headers["x-request-id"]


def test_without_text_there_are_no_words(client):
    assert post(client, text=None).json()["words"] == []


def test_words_are_taken_from_json_and_from_a_form(client):
    words = [{"text": "tomato", "phones": ["t", "ah0", "m", "aa1", "t", "ow2"]}]
    body = client.post("/v1/assessments", json={"audio": encoded(), "words": words})
    form = client.post("/v1/assessments", files={"audio": CLIP}, data={"words": json.dumps(words)})
    assert body.status_code == form.status_code == 200

    words[0]["phones"] = ["T", "XX"]
    refused = client.post("/v1/assessments", json={"audio": encoded(), "words": words})
    assert "XX" in problem_of(refused, 422, "pronunciation")


def test_any_format_of_libsndfile_is_read(client):
    for form in ("FLAC", "OGG", "MP3"):
        assert post(client, audio=tone(form=form)).status_code == 200, form


@pytest.mark.parametrize(
    ("audio", "status", "code"),
    [
        (b"not audio at all", 415, "audio_not_readable"),
        (b"", 422, "audio_empty"),
        (tone(0.1), 422, "audio_too_short"),
        (tone(61, rate_hz=8_000, form="OGG"), 413, "audio_too_long"),
        (tone(volume=0.0), 422, "audio_silent"),
    ],
)
def test_a_clip_that_cannot_be_used_says_why(client, audio, status, code):
    problem_of(post(client, audio=audio), status, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text_empty"),
        ("你好", "text_not_english"),
        ("hello 你好", "text_unknown_words"),
        ("a{XX}", "pronunciation"),
    ],
)
def test_a_text_that_cannot_be_used_says_why(client, text, code):
    problem_of(post(client, text), 422, code)


def test_words_without_pronunciation_are_named(client):
    assert "你好" in problem_of(post(client, "hello 你好"), 422, "text_unknown_words")


@pytest.mark.parametrize(
    ("body", "status", "code", "detail"),
    [
        ('{"audio": ', 400, "malformed", "not JSON"),
        ("[]", 422, "malformed", "an object"),
        ("{}", 422, "malformed", "audio: Field required"),
        ('{"audio": 1}', 422, "malformed", "audio: Input should be a valid string. A right"),
        ('{"audio": "é"}', 422, "malformed", "base64"),
        ('{"audio": "AAA"}', 422, "malformed", "base64"),
        ('{"audio": "", "model": "/etc/passwd"}', 422, "malformed", "model"),
        ('{"audio": "", "text": "%s"}' % ("a" * 20_001), 422, "malformed", "20000 characters"),
        ('{"audio": "", "words": []}', 422, "malformed", "words"),
        ("[" * 100_001, 413, "body_too_large", "too many values"),
        ("[" * 1_000, 400, "malformed", "not JSON"),
        ("\ufeff{}", 400, "malformed", "not JSON"),
    ],
)
def test_json_that_cannot_be_used_says_why(client, body, status, code, detail):
    response = client.post(
        "/v1/assessments", content=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert detail in problem_of(response, status, code)


def form_body(*parts: str) -> bytes:
    return "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts).encode()


@pytest.mark.parametrize(
    ("content_type", "body", "status", "detail"),
    [
        ("multipart/form-data", b"", 400, "no boundary"),
        ("multipart/form-data; boundary=x", b"", 400, "ends before"),
        ("multipart/form-data; boundary=x", form_body('name="audio"\r\n\r\nabc'), 400, "ends before"),
        ("multipart/form-data; boundary=x", b"--y\r\n", 400, "cannot be parsed"),
        (
            "multipart/form-data; boundary=x",
            form_body('name="text"\r\n\r\na') + b"--x--",
            422,
            "0 fields audio",
        ),
        (
            "multipart/form-data; boundary=x",
            form_body('name="path"\r\n\r\na') + b"--x--",
            422,
            "'path' is no field of the form",
        ),
        ("multipart/form-data; boundary=x", form_body(*['name="audio"\r\n\r\n'] * 201), 413, "200 parts"),
        ("audio/wav", CLIP, 415, "multipart/form-data or application/json"),
        ("", CLIP, 415, "multipart/form-data or application/json"),
    ],
)
def test_a_body_that_is_no_form_says_why(client, content_type, body, status, detail):
    response = client.post("/v1/assessments", content=body, headers={"Content-Type": content_type})
    assert response.status_code == status
    assert detail in response.json()["detail"]


def test_a_form_says_its_texts_in_utf_8(client):
    broken = form_body('name="audio"\r\n\r\nabc', 'name="text"\r\n\r\n')[:-2] + b"\xff\r\n--x--\r\n"
    response = client.post(
        "/v1/assessments", content=broken, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert "text" in problem_of(response, 422, "malformed")


def test_an_accent_is_one_of_three(client):
    for accent in ("us", "gb", "any"):
        form = {"text": "a car", "accent": accent}
        assert client.post("/v1/assessments", files={"audio": CLIP}, data=form).status_code == 200
        body = {"audio": encoded(), "text": "a car", "accent": accent}
        assert client.post("/v1/assessments", json=body).status_code == 200
    for wrong in ("scots", "\u00e9"):
        form = {"text": "a car", "accent": wrong}
        response = client.post("/v1/assessments", files={"audio": CLIP}, data=form)
        assert "accent" in problem_of(response, 422, "malformed")


def test_phones_are_ipa_where_that_is_asked_for(client):
    for phones, heard in (("ipa", ["θ", "ɪ", "ŋ", "k"]), ("arpabet", ["TH", "IH", "NG", "K"])):
        form = client.post("/v1/assessments", files={"audio": CLIP}, data={"text": "think", "phones": phones})
        body = {"audio": encoded(), "text": "think", "phones": phones, "id": form.json()["id"]}
        assert [phone["phone"] for phone in form.json()["phones"]] == heard
        assert client.post("/v1/assessments", json=body).json() == form.json()
    wrong = client.post("/v1/assessments", json={"audio": encoded(), "phones": "xsampa"})
    assert "phones: Input should be 'arpabet' or 'ipa'" in problem_of(wrong, 422, "malformed")


def test_a_lexicon_has_pronunciations_of_words_of_the_text(client):
    lexicon = "think S IH NG K  # as some say\nzzyzx Z AY Z IH K S\n"
    form = {"text": "think zzyzx", "lexicon": lexicon}
    response = client.post("/v1/assessments", files={"audio": CLIP}, data=form)
    assert [phone["phone"] for phone in response.json()["phones"]] == "S IH NG K Z AY Z IH K S".split()
    wrong = client.post("/v1/assessments", json={"audio": encoded(), "text": "a", "lexicon": "a QQ\nb XX"})
    detail = problem_of(wrong, 422, "pronunciation")
    assert "lexicon:1" in detail and "lexicon:2" in detail


def test_what_is_wrong_is_named_beside_a_request_that_is_right(client):
    form = client.post("/v1/assessments", files={"audio": CLIP}, data={"txt": "a"})
    assert "curl -F audio=@clip.wav --form-string 'text=" in problem_of(form, 422, "malformed")
    body = client.post("/v1/assessments", json={"audio": encoded(), "text": 5})
    assert re.search(r'text: .*A right request: {"audio": ', problem_of(body, 422, "malformed"))


def test_a_body_has_a_limit(client):
    too_large = tone(8)
    assert len(too_large) > 200_000
    problem_of(post(client, audio=too_large), 413, "body_too_large")
    problem_of(client.post("/v1/assessments", json={"audio": encoded(too_large)}), 413, "body_too_large")
    batch = [{"audio": encoded(tone(5))}, {"audio": encoded(tone(2))}]
    problem_of(client.post("/v1/assessments:batch", json=batch), 413, "body_too_large")


def test_a_batch_has_a_row_for_each_clip_whatever_becomes_of_the_others(client):
    clips = [
        {"audio": encoded(), "text": "think", "id": "a"},
        {"audio": encoded(b"no audio"), "id": "b"},
        {"audio": "?"},
        {"audio": encoded(), "text": "hello 你好"},
        {"audio": encoded(), "text": "bug"},
        {"audio": encoded()},
    ]
    response = client.post("/v1/assessments:batch", json=clips)

    assert response.status_code == 200
    rows = response.json()["results"]
    assert [row.get("problem", {}).get("status") for row in rows] == [None, 415, 422, 422, 500, None]
    assert [row.get("id") for row in rows[:3]] == ["a", "b", None]
    assert Assessment.model_validate(rows[0]["assessment"]).id == "a"
    assert rows[5]["id"] == rows[5]["assessment"]["id"] == response.headers["x-request-id"] + "-5"


def test_a_batch_that_is_not_of_the_form_is_refused_as_a_whole(client):
    for item, where in ((None, "1: "), ({"audio": 1}, "1.audio"), ({"audio": "", "x": 1}, "1.x")):
        response = client.post("/v1/assessments:batch", json=[{"audio": encoded()}, item])
        assert where in problem_of(response, 422, "malformed")


def test_a_form_can_hold_a_batch(client):
    def rows(**data):
        files = [("audio", ("a", CLIP)), ("audio", ("b", CLIP))]
        return client.post("/v1/assessments:batch", files=files, data=data)

    own = rows(text=["think", "left"], id=["x", "y"]).json()["results"]
    assert [(row["id"], row["assessment"]["text"]) for row in own] == [("x", "think"), ("y", "left")]
    assert [row["assessment"]["text"] for row in rows(text="left").json()["results"]] == ["left", "left"]
    problem_of(rows(text=["a", "b", "c"]), 422, "malformed")
    problem_of(rows(id=["x"]), 422, "malformed")


def test_a_batch_has_a_limit(client):
    clip = {"audio": encoded(tone(0.4))}
    assert client.get("/v1/models").json()["models"][0]["max_batch"] == 8
    assert client.post("/v1/assessments:batch", json=[clip] * 8).status_code == 200
    assert "1 to 8" in problem_of(client.post("/v1/assessments:batch", json=[clip] * 9), 422, "malformed")
    problem_of(client.post("/v1/assessments:batch", json=[]), 422, "malformed")
    problem_of(client.post("/v1/assessments:batch", json=clip), 422, "malformed")
    two_files = [("audio", CLIP), ("audio", CLIP)]
    problem_of(client.post("/v1/assessments", files=two_files), 422, "malformed")


def test_what_runs_here_can_be_asked(client):
    (model,) = client.get("/v1/models").json()["models"]
    assert model == {"name": "fake 1", "max_bytes": 200_000, "max_s": 60.0, "max_batch": 8}
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_metrics_count_requests_and_seconds_of_audio(client):
    assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=")
    done = 'enunciate_requests_total{route="/v1/assessments",status="200"}'
    before, seconds = metric(client, done), metric(client, "enunciate_audio_seconds_total")
    post(client, audio=tone(1.5))
    assert metric(client, done) == before + 1
    assert metric(client, "enunciate_audio_seconds_total") == pytest.approx(seconds + 1.5)
    assert metric(client, 'enunciate_request_seconds_count{route="/v1/assessments"}') > 0
    assert metric(client, "enunciate_queue_depth") == 0


def test_every_answer_has_the_headers_that_guard_a_page(client):
    for response in (client.get("/"), post(client), post(client, audio=b""), client.get("/nothing")):
        headers = response.headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["permissions-policy"] == "microphone=(self)"
        assert "server" not in headers


def test_the_page_is_at_the_root_and_its_files_are_asked_for_again(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert client.get("/static/index.html").content == client.get("/index.html").content == page.content
    again = client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_the_description_for_people_is_a_page(client):
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.content == client.get("/docs.html").content


@pytest.mark.parametrize(
    "path", ["/nothing", "/docs/", "/redoc", "/static/../app.py", "/static/%2e%2e/app.py", "/v2/x", "/%00"]
)
def test_there_is_nothing_else(client, path):
    problem_of(client.get(path), 404, "not_found")


def test_other_methods_are_refused(client):
    for method, path, allowed in (
        ("GET", "/v1/assessments", "POST"),
        ("POST", "/healthz", "GET"),
        ("POST", "/", "GET, HEAD"),
        ("TRACE", "/v1/models", "GET"),
    ):
        response = client.request(method, path)
        problem_of(response, 405, "method_not_allowed")
        assert response.headers["allow"] == allowed


def test_other_sites_may_not_call_unless_they_are_named(client):
    origin = {"Origin": "https://school.example"}
    asked = origin | {"Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in post(client, headers=origin).headers
    with application(cors_origins=("https://school.example",)) as open_client:
        allowed = post(open_client, headers=origin)
        assert allowed.headers["access-control-allow-origin"] == "https://school.example"
        assert "X-Request-ID" in allowed.headers["access-control-expose-headers"]
        assert open_client.options("/v1/assessments", headers=asked).status_code == 200
        stranger = asked | {"Origin": "https://evil.example"}
        refused = open_client.options("/v1/assessments", headers=stranger)
        assert "access-control-allow-origin" not in refused.headers


@pytest.mark.slow
def test_the_description_is_valid_and_its_example_is_what_the_engine_says(client):
    schemathesis = pytest.importorskip("schemathesis")
    description = client.get("/openapi.json").json()
    schemathesis.openapi.from_dict(description).validate()

    operation = description["paths"]["/v1/assessments"]["post"]
    assert {"400", "401", "413", "415", "422", "429", "500", "503", "504"} < operation["responses"].keys()
    problem = operation["responses"]["429"]["content"]["application/problem+json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/ProblemDetails"}
    heard = description["components"]["schemas"]["PhoneResult"]["properties"]["heard"]
    assert heard["description"].startswith("The phone most likely realised")

    from enunciate import Utterance, load_assessor

    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    shown = Assessment.model_validate(example)
    (now,) = load_assessor("pocket").assess([Utterance(id=shown.id, audio=SPOKEN, text=TEXT)])
    assert now.model == shown.model, "regenerate it as docs/service.md says"
    for aspect in ("accuracy", "fluency", "prosodic", "total"):
        assert getattr(now, aspect).value == pytest.approx(getattr(shown, aspect).value, abs=0.05)
    assert [phone.heard for phone in now.phones] == [phone.heard for phone in shown.phones]


def test_the_longest_clip_can_be_set():
    with application(max_clip_s=2.0) as short:
        assert post(short, audio=tone(1.9)).status_code == 200
        assert "2 s" in problem_of(post(short, audio=tone(2.1)), 413, "audio_too_long")


def test_a_text_of_ten_minutes_is_taken_and_a_longer_one_is_not(client):
    text = ("so " * MAX_TEXT)[:MAX_TEXT]
    assert post(client, text).status_code == 200
    problem_of(post(client, text + "o"), 422, "malformed")


def test_a_clip_that_times_out_is_a_504(client, monkeypatch):
    async def late(job, audio):
        raise ClipTimeoutError

    monkeypatch.setattr(client.app.state.service.pool, "assess", late)
    assert "120 s" in problem_of(post(client), 504, "timeout")


def test_a_body_that_does_not_come_is_not_waited_for():
    app = create_app(ServiceSettings(max_clip_s=0.05, timeout_s=0.05, workers=1))
    sent = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/assessments",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"100")],
    }

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert b"body_too_slow" in sent[1]["body"]


def test_a_key_is_required_where_there_are_keys():
    hashes = frozenset(hashlib.sha256(name.encode()).hexdigest() for name in ("first", "second"))
    with application(key_hashes=hashes) as client:
        for headers in ({}, {"X-API-Key": "third"}, {"Authorization": "Bearer third"}, {"X-API-Key": ""}):
            for path in ("/v1/models", "/metrics"):
                assert client.get(path, headers=headers).status_code == 401
            refused = post(client, headers=headers)
            problem_of(refused, 401, "unauthorized")
            assert refused.headers["www-authenticate"] == "Bearer"
        for headers in (
            {"X-API-Key": "first"},
            {"Authorization": "Bearer second"},
            {"Ocp-Apim-Subscription-Key": "first"},
        ):
            assert post(client, headers=headers).status_code == 200
        for path in ("/", "/healthz", "/readyz", "/openapi.json"):
            assert client.get(path).status_code == 200
