"""How the service describes a text, without an engine."""

import pytest
from support.serve_cases import application

from enunciate.reading.description import TextDescription
from enunciate.serve.http.clip_request import MAX_TEXT


@pytest.fixture(scope="module")
def client():
    with application() as running:
        yield running


def test_a_text_gets_its_tokens_readings_and_pronunciations(client):
    response = client.post("/v1/texts", json={"text": "It costs $3.50."})

    assert response.status_code == 200
    described = TextDescription.model_validate_json(response.content)
    assert described.tokens[2].readings[0] == "three dollars and fifty cents"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"text": " "}', 422, "text_empty"),
        (b'{"text": "!!!"}', 422, "text_not_english"),
        (b'{"text": "a{XX}"}', 422, "pronunciation"),
        (b'{"text": 5}', 422, "malformed"),
        (b'{"texts": "a"}', 422, "malformed"),
        (b'{"text": "%s"}' % (b"a" * (MAX_TEXT + 1)), 422, "malformed"),
        (b"{", 400, "malformed"),
        (b'"%s"' % (b"a" * 13 * MAX_TEXT), 413, "body_too_large"),
    ],
)
def test_what_cannot_be_read_is_a_problem(client, body, status, code):
    response = client.post("/v1/texts", content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == status
    assert response.json()["type"] == f"urn:enunciate:problem:{code}"


def test_the_interface_describes_it(client):
    description = client.get("/openapi.json").json()

    assert description["paths"]["/v1/texts"]["post"]["requestBody"]["required"]
    token = description["components"]["schemas"]["DescribedToken"]["properties"]
    assert token["readings"]["description"] == "The ways to read it, the usual one first."


@pytest.mark.parametrize("body", [b'{"text": 5}', b"{"])
def test_an_error_shows_a_right_request(client, body):
    detail = client.post("/v1/texts", content=body).json()["detail"]
    _, right = detail.split(". A right request: curl --json '")
    assert client.post("/v1/texts", content=right.partition("'")[0]).status_code == 200
