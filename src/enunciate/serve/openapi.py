"""The description of the interface at `/openapi.json`; the forms of data in it come from `schema`."""

from __future__ import annotations

from fastapi import FastAPI


def describe(app: FastAPI) -> None:
    """Give an application its description."""
