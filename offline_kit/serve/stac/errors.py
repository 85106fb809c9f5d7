"""Refusals: a status, and a sentence that names the parameter."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from stac_fastapi.types.errors import InvalidQueryParameter, NotFoundError
from starlette.exceptions import HTTPException

from offline_kit.errors import CourseError
from offline_kit.serve.stac.parsing import first_problem
from offline_kit.serve.stac.search import SearchError

STATUS = {
    SearchError: HTTPStatus.BAD_REQUEST,
    InvalidQueryParameter: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    CourseError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def add_error_handlers(app: FastAPI) -> None:
    """Answer what goes wrong in the form of the STAC API."""
    for error in STATUS:
        app.add_exception_handler(error, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)


def _answer(status: HTTPStatus, description: str) -> JSONResponse:
    code = status.phrase.replace(" ", "")
    return JSONResponse({"code": code, "description": description}, status_code=status)


async def _refusal(_: Request, error: Exception) -> JSONResponse:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    return _answer(status, str(error))


async def _invalid_request(_: Request, error: RequestValidationError) -> JSONResponse:
    return _answer(HTTPStatus.BAD_REQUEST, first_problem(error.errors()))


async def _http_error(_: Request, error: HTTPException) -> JSONResponse:
    response = _answer(HTTPStatus(error.status_code), str(error.detail))
    response.headers.update(error.headers or {})
    return response
