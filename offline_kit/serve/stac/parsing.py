"""What a search asks for, read and checked; GET and POST alike.

A parameter that is not known is refused: a search that leaves out a condition finds the wrong
scenes, and nobody notices.
"""

import json
import math
from typing import Annotated, Any

import attr
from fastapi import Path, Query
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from stac_fastapi.extensions.fields.request import PostFieldsExtension
from stac_fastapi.extensions.query.request import QueryExtensionPostRequest
from stac_fastapi.extensions.sort.request import PostSortModel
from stac_fastapi.types.rfc3339 import str_to_interval
from stac_fastapi.types.search import APIRequest, BaseSearchPostRequest
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from offline_kit.serve.stac.search import Item, SearchError, bbox_geometry, with_fields

# Where FastAPI found what was wrong; a parameter is named only after it.
SOURCES = ("body", "path")

Text = Annotated[str | None, Query()]


@attr.s(auto_attribs=True)
class SearchQuery(APIRequest):
    """Parameters of GET /search, as text; `SearchBody` checks them."""

    limit: Text = None
    bbox: Text = None
    intersects: Text = None
    datetime: Text = None
    ids: Text = None
    collections: Text = None
    query: Text = None
    sortby: Text = None
    fields: Text = None
    next: Text = None


@attr.s(auto_attribs=True, kw_only=True)
class ItemsQuery(SearchQuery):
    """Parameters of GET .../items: the same, for one collection."""

    collection_id: Annotated[str, Path()]


class ChosenFields(PostFieldsExtension):
    """Which fields of the items are returned."""

    model_config = ConfigDict(extra="forbid")


class SortRule(PostSortModel):
    """A field by which items are sorted, and the direction."""

    model_config = ConfigDict(extra="forbid")


class SearchBody(BaseSearchPostRequest, QueryExtensionPostRequest):
    """What a search may ask for."""

    model_config = ConfigDict(extra="forbid")

    sortby: list[SortRule] | None = Field(None, description="Fields and directions, in order.")
    fields: ChosenFields = Field(ChosenFields(), description="Fields to include or exclude.")
    next: int | None = Field(None, ge=0, description="Where the next page begins.")

    @model_validator(mode="before")
    @classmethod
    def validate_spatial(cls, values: object) -> object:
        """Replace the check of the same name, which fails on a body that is no object."""
        if not isinstance(values, dict):
            raise ValueError("it must be a JSON object")
        if values.get("bbox") is not None and values.get("intersects") is not None:
            raise ValueError("bbox and intersects cannot be given together")
        return values

    @field_validator("ids", "collections", mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """Accept identifiers separated by commas, as Earth Search does."""
        return value.split(",") if isinstance(value, str) else value

    @field_validator("bbox", mode="before")
    @classmethod
    def _four_or_six(cls, value: object) -> object:
        if value is not None and not (isinstance(value, list | tuple) and len(value) in (4, 6)):
            raise ValueError("it needs west, south, east, north; or six numbers with heights")
        return value

    @field_validator("datetime", mode="before")
    @classmethod
    def _strict_datetime(cls, value: object) -> object:
        """Accept RFC 3339 only; the model alone takes a comma for a point."""
        if isinstance(value, str):
            try:
                str_to_interval(value)
            except HTTPException as error:
                raise ValueError(error.detail) from error
        return value

    def area(self) -> BaseGeometry | None:
        """Return where to search, longitude and latitude in degrees; None means everywhere.

        Raises
        ------
        SearchError
            There is no such area.
        """
        if self.bbox is not None:
            return bbox_geometry(self.bbox)
        if self.intersects is None:
            return None
        area = shape(self.intersects.model_dump())
        if not (area.is_valid and all(map(math.isfinite, area.bounds))):
            raise SearchError("intersects: the geometry crosses itself or has infinite coordinates")
        return area

    def chosen_fields(self, item: Item) -> Item:
        """Return an item with those of its fields that are asked for."""
        if "fields" not in self.model_fields_set:
            return item
        include, exclude = self.fields.include, self.fields.exclude
        all_but = exclude and "include" not in self.fields.model_fields_set
        return with_fields(item, None if all_but else list(include or []), list(exclude or []))


NO_SUCH_PARAMETER = (
    f"there is no such parameter; a search takes {', '.join(sorted(SearchBody.model_fields))} "
    "(conditions on properties go into query)"
)


def read_query(query: QueryParams, collection: str | None = None) -> SearchBody:
    """Turn the text of a GET request into the search that a POST request would send.

    Parameters
    ----------
    query
        What stands behind the question mark of the address.
    collection
        The only collection to search, where the address names one.

    Raises
    ------
    SearchError
        A parameter is malformed, or not known.
    """
    given = _given_once(query)
    body: dict[str, Any] = dict(given)
    if "bbox" in given:
        body["bbox"] = given["bbox"].split(",")
    for name in {"intersects", "query"} & given.keys():
        try:
            body[name] = json.loads(given[name])
        except ValueError:
            raise SearchError(f"{name}: it is not valid JSON") from None
    if "sortby" in given:
        body["sortby"] = _sort_rules(given["sortby"])
    if "fields" in given:
        body["fields"] = _included_and_excluded(given["fields"])
    try:
        search = SearchBody.model_validate(body)
    except ValidationError as error:
        raise SearchError(first_problem(error.errors())) from None
    if collection is None:
        return search
    if search.collections and collection not in search.collections:
        raise SearchError(f"collections: this address has the items of {collection} only")
    return search.model_copy(update={"collections": [collection]})


def check_no_query(query: QueryParams) -> None:
    """Check that a POST request has all its parameters in its body.

    Raises
    ------
    SearchError
        There is one in its address.
    """
    for name in query:
        raise SearchError(f"{name}: parameters of a POST request belong in its body")


def first_problem(errors: list[Any]) -> str:
    """Name the parameter that a model found wrong, and why.

    Parameters
    ----------
    errors
        What pydantic or FastAPI found.
    """
    error = errors[0]
    names = [part for part in error["loc"] if isinstance(part, str) and part not in SOURCES]
    problem = error["msg"].removeprefix("Value error, ")
    if not names:
        return f"search: {problem}"
    if error["type"] == "extra_forbidden":
        problem = f"it has no {names[-1]!r}" if names[1:] else NO_SUCH_PARAMETER
    if names[0] == "intersects":
        problem = "it is not a valid GeoJSON geometry"
    return f"{names[0]}: {problem}"


def _given_once(query: QueryParams) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, text in query.multi_items():
        if name not in SearchBody.model_fields:
            raise SearchError(f"{name}: {NO_SUCH_PARAMETER}")
        if name in given:
            raise SearchError(f"{name}: it is given twice; put commas between several values")
        if not text and name != "fields":
            raise SearchError(f"{name}: it is empty")
        given[name] = text
    return given


def _sort_rules(text: str) -> list[dict[str, str]]:
    rules = [rule.strip() for rule in text.split(",")]  # a plus sign in an address means a space
    return [
        {"field": rule.lstrip("+-"), "direction": "desc" if rule.startswith("-") else "asc"}
        for rule in rules
    ]


def _included_and_excluded(text: str) -> dict[str, list[str]]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    include = [name.lstrip("+") for name in names if not name.startswith("-")]
    exclude = [name[1:] for name in names if name.startswith("-")]
    return {"exclude": exclude} | ({"include": include} if include else {})
