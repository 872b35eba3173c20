"""The application: `create_app` puts routes, error handlers and middleware together."""

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
from enunciate.serve.http import (
    assessment_routes,
    azure_routes,
    azure_websocket,
    operator_routes,
    stream_routes,
    text_routes,
)
from enunciate.serve.http.api_keys import require_key
from enunciate.serve.http.disconnect import ClientGoneError
from enunciate.serve.http.middleware import CLIENT_GONE, ServiceMiddleware
from enunciate.serve.http.openapi import add_description
from enunciate.serve.http.page_files import PageFiles
from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.http.service import Service
from enunciate.serve.settings import ServiceSettings


def create_app(settings: ServiceSettings | None = None, command: Sequence[str] | None = None) -> FastAPI:
    """Create the application; its workers start and stop with it.

    Args:
        settings: by default those of `enunciate serve`.
        command: runs a worker; by default, `enunciate.serve.workers.worker` with the engine of the settings.
    """
    settings = settings or ServiceSettings()
    service = Service(settings, command or worker_command(settings))

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
        docs_url=None,  # these two pages load third-party scripts; /docs is a page of ours
        redoc_url=None,
    )
    app.state.service = service
    app.include_router(operator_routes.public_router)
    for router in (operator_routes.router, assessment_routes.router, text_routes.router):
        app.include_router(router, dependencies=[Depends(require_key)])
    app.include_router(azure_routes.router)
    app.include_router(azure_websocket.router)
    app.include_router(stream_routes.router)
    app.router.default = PageFiles()  # a mount would take requests with a wrong method away from the routes
    for error in (ProblemError, HTTPException):
        app.add_exception_handler(error, _problem_response)
    for error in (ClientGoneError, ClientDisconnect):
        app.add_exception_handler(error, _client_gone)
    if settings.cors_origins:
        _allow_origins(app, settings.cors_origins)
    app.add_middleware(ServiceMiddleware, metrics=service.metrics)
    add_description(app)
    return app


def worker_command(settings: ServiceSettings) -> list[str]:
    """Return the command for a worker with the engine of the settings."""
    # -P: a file in the folder where the service was started must not be imported as a module.
    return [
        sys.executable,
        "-P",
        "-m",
        "enunciate.serve.workers.worker",
        f"--weights={settings.weights}",
        *(["--compile-layers"] if settings.compile_layers else []),
        "--",
        settings.model,
        str(settings.max_clip_s),
    ]


def _allow_origins(app: FastAPI, origins: Sequence[str]) -> None:
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


async def _problem_response(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "error")
        problem = ProblemError(error.status_code, code, error.detail, headers=error.headers)
    else:
        assert isinstance(error, ProblemError)
        problem = error
    return problem.response(request.state.request_id)


async def _client_gone(request: Request, error: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)
