"""The application: its routes and what is around them, put together by `create_app`."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

import enunciate
from enunciate.serve.azure import route as azure_route
from enunciate.serve.http import assessments, operations
from enunciate.serve.http.envelope import GONE, Envelope
from enunciate.serve.http.keys import require_key
from enunciate.serve.http.openapi import describe
from enunciate.serve.http.pages import Pages
from enunciate.serve.http.problems import ProblemError
from enunciate.serve.http.service import GoneError, Service
from enunciate.serve.http.settings import Settings


def create_app(settings: Settings | None = None, command: Sequence[str] | None = None) -> FastAPI:
    """Make the application; its workers start with it.

    Args:
        settings: those of `enunciate serve` where they are left out.
        command: runs a worker, in place of `enunciate.serve.workers.worker` with the engine of the settings.
    """
    settings = settings or Settings()
    service = Service(settings, command or _worker(settings))

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
    app.include_router(operations.open_router)
    for router in (operations.router, assessments.router):
        app.include_router(router, dependencies=[Depends(require_key)])
    app.include_router(azure_route.router)
    app.router.default = Pages()  # not a mount, which would take requests of a wrong method from the routes
    for error in (ProblemError, HTTPException):
        app.add_exception_handler(error, _problem)
    for error in (GoneError, ClientDisconnect):
        app.add_exception_handler(error, _gone)
    if settings.origins:
        _allow(app, settings.origins)
    app.add_middleware(Envelope, metrics=service.metrics)
    describe(app)
    return app


def _worker(settings: Settings) -> list[str]:
    # -P: a file in the folder where the service was started must not pass for a module.
    return [sys.executable, "-P", "-m", "enunciate.serve.workers.worker", settings.model, str(settings.max_s)]


def _allow(app: FastAPI, origins: Sequence[str]) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Ocp-Apim-Subscription-Key",
            "Pronunciation-Assessment",
            "X-API-Key",
        ],
        expose_headers=["Retry-After", "X-Request-ID"],
    )


async def _problem(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        found = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "error")
        problem = ProblemError(error.status_code, found, error.detail, headers=error.headers)
    else:
        assert isinstance(error, ProblemError)
        problem = error
    return problem.response(request.state.request_id)


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=GONE)
