"""The application: its routes and what is around them, put together by `create_app`."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

import enunciate
from enunciate.serve import assessments, operations
from enunciate.serve.envelope import GONE, Envelope
from enunciate.serve.problems import ProblemError
from enunciate.serve.service import GoneError, Service
from enunciate.serve.settings import Settings

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings | None = None, command: Sequence[str] | None = None) -> FastAPI:
    """Make the application; its workers start with it.

    Args:
        settings: those of `enunciate serve` where they are left out.
        command: runs a worker, in place of `enunciate.serve.worker` with the engine of the settings.
    """
    settings = settings or Settings()
    worker = [sys.executable, "-m", "enunciate.serve.worker", settings.model, str(settings.max_s)]
    service = Service(settings, command or worker)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        service.pool.start()
        try:
            yield
        finally:
            await service.pool.stop()

    app = FastAPI(
        title="enunciate",
        version=enunciate.__version__,
        lifespan=lifespan,
        docs_url=None,  # these pages load scripts of a third party
        redoc_url=None,
    )
    app.state.service = service
    app.include_router(operations.router)
    app.include_router(assessments.router)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(GoneError, _gone)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
    app.add_middleware(Envelope, metrics=service.metrics)
    return app


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return error.response(request.state.request_id)


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=GONE)
