"""The websocket of Azure's Speech SDKs: a connection carries turns one after another."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.websockets import WebSocket

from enunciate.serve.azure.websocket.frames import (
    ClientMessage,
    FrameError,
    encode,
    parse_binary,
    parse_text,
)
from enunciate.serve.azure.websocket.turn import Turn
from enunciate.serve.azure.websocket.turn_request import BadTurnError, TurnRequest, read_turn_request
from enunciate.serve.http.azure_routes import PATH, check_key, error_response
from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.http.service import Service
from enunciate.serve.http.stream_admission import StreamAdmission
from enunciate.serve.http.websocket_connection import (
    BAD_DATA,
    IDLE_S,
    STALLED_S,
    CloseError,
    Connection,
    serve_connection,
)

INTERACTIVE_PATH = "/speech/recognition/interactive/cognitiveservices/v1"
DICTATION_PATH = "/speech/recognition/dictation/cognitiveservices/v1"
UNIVERSAL_PATH = "/stt/speech/universal/v2"

router = APIRouter()


@router.websocket(INTERACTIVE_PATH)
@router.websocket(PATH)
@router.websocket(DICTATION_PATH)
@router.websocket(UNIVERSAL_PATH)
async def recognise(websocket: WebSocket) -> None:
    """Serve one connection of a Speech SDK."""
    service: Service = websocket.app.state.service
    session = AzureSession(service, websocket)
    await serve_connection(websocket, service, check=_check, talk=session.talk, refuse=error_response)


def _check(websocket: WebSocket, service: Service) -> None:
    """Refuse a client without a valid key, and any while the service is full."""
    check_key(_with_query(websocket), service.settings.key_hashes)
    with service.admission.admit():
        pass


def _with_query(websocket: WebSocket) -> Headers:
    """Return the headers and, after them, the query parameters, which a browser has to use in their place."""
    query = [(name.lower().encode(), value.encode()) for name, value in websocket.query_params.items()]
    return Headers(raw=[*websocket.headers.raw, *query])


class AzureSession:
    """One connection."""

    def __init__(self, service: Service, websocket: WebSocket) -> None:
        self._service = service
        self._query = dict(websocket.query_params)
        self._continuous = websocket.url.path != INTERACTIVE_PATH
        self._request_id = ""
        self._request: TurnRequest | None = None
        self._turn: Turn | None = None
        self._admission = StreamAdmission(service)

    async def talk(self, connection: Connection) -> None:
        """Answer the messages of a client until the connection ends.

        Raises:
            CloseError: what the client sends is wrong.
            ProblemError: the service cannot answer.
        """
        with self._admission:
            while True:
                data = await connection.receive(IDLE_S if self._turn is None else STALLED_S)
                try:
                    message = parse_text(data) if isinstance(data, str) else parse_binary(data)
                    await self._take(message, connection)
                except (FrameError, BadTurnError) as error:
                    raise CloseError(BAD_DATA, str(error)) from None

    async def _take(self, message: ClientMessage, connection: Connection) -> None:
        if message.path == "speech.context":
            self._leave_turn()
            self._request = read_turn_request(message.body, self._query, continuous=self._continuous)
            self._request_id = message.request_id
        elif message.path == "audio" and message.request_id == self._request_id:
            try:
                await self._take_audio(message.body, connection)
            except ProblemError as problem:
                if problem.status == 413:
                    raise CloseError(BAD_DATA, problem.detail) from None
                if problem.status != 429:
                    raise
                await self._tell_full(connection)

    async def _take_audio(self, data: bytes, connection: Connection) -> None:
        turn = self._turn
        if turn is None:
            if self._request is None:  # the turn is over, and the client does not know it yet
                return
            turn = await self._begin(self._request, connection)
        if data:
            await turn.push(data)
        else:
            await turn.end()
        if turn.over:
            self._leave_turn()
            return
        self._admission.holds(turn.n_bytes)

    async def _begin(self, request: TurnRequest, connection: Connection) -> Turn:
        self._admission.begin()
        request_id = self._request_id

        async def send(path: str, body: Mapping[str, Any] | bytes) -> None:
            await connection.send(encode(path, request_id, body))

        self._turn = Turn(request, self._service.settings.max_clip_s, send, self._admission.assess)
        await self._turn.begin()
        return self._turn

    async def _tell_full(self, connection: Connection) -> None:
        """End the turn with the status for a full service."""
        body = {"Id": uuid.uuid4().hex, "RecognitionStatus": "TooManyRequests", "Offset": 0, "Duration": 0}
        await connection.send(encode("speech.phrase", self._request_id, body))
        await connection.send(encode("turn.end", self._request_id, {}))
        self._leave_turn()

    def _leave_turn(self) -> None:
        self._admission.end()
        self._turn = self._request = None
