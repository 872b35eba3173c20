"""The routes for operators and pages: what runs here, and how it does."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from enunciate.serve.http.metrics import CONTENT_TYPE
from enunciate.serve.http.service import Service

open_router = APIRouter()
"""For whoever asks whether to send requests here."""
router = APIRouter()


class Status(BaseModel):
    """How the service is."""

    status: Literal["alive", "ready", "loading", "draining"]


class Model(BaseModel):
    """An engine, and what it takes."""

    name: str
    """Name and version, as in `Assessment.model`."""
    max_bytes: int
    """Of a request's audio."""
    max_s: float
    """Of a clip."""
    max_batch: int
    """Clips in one request."""


class Models(BaseModel):
    """The engines of this service: one, or none until its workers have loaded it."""

    models: list[Model]


@router.get("/v1/models")
async def models(request: Request) -> Models:
    """The engine that answers here, and its limits."""
    service: Service = request.app.state.service
    if not service.pool.model:
        return Models(models=[])
    limits = service.settings
    model = Model(
        name=service.pool.model,
        max_bytes=limits.max_bytes,
        max_s=limits.max_s,
        max_batch=limits.max_batch,
    )
    return Models(models=[model])


@open_router.get("/healthz")
async def alive() -> Status:
    """The process runs."""
    return Status(status="alive")


@open_router.get("/readyz", responses={503: {"model": Status, "description": "Loading or draining."}})
async def ready(request: Request, response: Response) -> Status:
    """The workers are loaded, and the service is not about to stop."""
    service: Service = request.app.state.service
    if service.draining or not service.pool.ready:
        response.status_code = 503
        return Status(status="draining" if service.draining else "loading")
    return Status(status="ready")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Counters for Prometheus."""
    service: Service = request.app.state.service
    return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})
