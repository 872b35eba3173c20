"""The routes for operators and pages: health, metrics, and the engine with its limits."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from enunciate.serve.http.service import Service
from enunciate.serve.metrics import CONTENT_TYPE

public_router = APIRouter()
"""Routes that never require a key, for load balancers."""
router = APIRouter()


class HealthStatus(BaseModel):
    """The state of the service."""

    status: Literal["alive", "ready", "loading", "draining"]
    """`loading` until all workers have loaded the engine; `draining` after a signal to stop."""


class ServedModel(BaseModel):
    """An engine, and the limits of a request to it."""

    name: str
    """Name and version, as in `Assessment.model`."""
    max_bytes: int
    """Maximum audio per request, in bytes."""
    max_s: float
    """Maximum length of a clip, in seconds."""
    max_batch: int
    """Maximum number of clips in one request."""


class ServedModels(BaseModel):
    """The engines of this service."""

    models: list[ServedModel]
    """One engine, or none while the workers are loading it."""


@router.get("/v1/models")
async def models(request: Request) -> ServedModels:
    """Return the engine that answers here, and its limits."""
    service: Service = request.app.state.service
    if not service.pool.model:
        return ServedModels(models=[])
    settings = service.settings
    model = ServedModel(
        name=service.pool.model,
        max_bytes=settings.max_bytes,
        max_s=settings.max_clip_s,
        max_batch=settings.max_batch,
    )
    return ServedModels(models=[model])


@public_router.get("/healthz")
async def alive() -> HealthStatus:
    """Return 200 while the process runs."""
    return HealthStatus(status="alive")


@public_router.get("/readyz", responses={503: {"model": HealthStatus, "description": "Loading or draining."}})
async def ready(request: Request, response: Response) -> HealthStatus:
    """Return 200 if all workers have loaded the engine and the service is not about to stop."""
    service: Service = request.app.state.service
    if service.admission.draining or not service.pool.ready:
        response.status_code = 503
        return HealthStatus(status="draining" if service.admission.draining else "loading")
    return HealthStatus(status="ready")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Return the metrics for Prometheus."""
    service: Service = request.app.state.service
    return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})
