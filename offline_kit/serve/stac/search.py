"""Which items answer a search, in which order, with which of their fields: pure functions.

The rules are those of Earth Search (stac-server) where the STAC API specification leaves a choice:
newest first, and a property that an item does not have matches no comparison.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

Item = dict[str, Any]

NEWEST_FIRST = [("properties.datetime", "desc"), ("id", "desc"), ("collection", "desc")]

# What a search returns of an item: where `fields` is empty, and besides what it includes.
DEFAULT_FIELDS = ["type", "stac_version", "id", "geometry", "bbox", "links", "assets"]
DEFAULT_FIELDS += ["collection", "properties.datetime"]
ALWAYS_FIELDS = ["type", "stac_version", "id", "collection"]

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "neq": lambda value, wanted: value != wanted,
    "lt": lambda value, wanted: value < wanted,
    "lte": lambda value, wanted: value <= wanted,
    "gt": lambda value, wanted: value > wanted,
    "gte": lambda value, wanted: value >= wanted,
    "startsWith": lambda value, wanted: value.startswith(wanted),
    "endsWith": lambda value, wanted: value.endswith(wanted),
    "contains": lambda value, wanted: wanted in value,
    "in": lambda value, wanted: value in wanted,
}

_WANTED_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(["lt", "lte", "gt", "gte"], ((int, float, str), "a number or a text")),
    **dict.fromkeys(["startsWith", "endsWith"], ((str,), "a text")),
    "in": ((list,), "a list"),
}

_ABSENT = object()


class SearchError(ValueError):
    """A search that cannot be answered; the message names the parameter."""


@dataclass(frozen=True)
class Scene:
    """An item with what searches compare, prepared once.

    Attributes
    ----------
    item
        The STAC item.
    footprint
        Its geometry, longitude and latitude in degrees.
    start, end
        The time that it covers.
    """

    item: Item
    footprint: BaseGeometry
    start: datetime
    end: datetime

    @classmethod
    def of(cls, item: Item) -> "Scene":
        """Prepare an item."""
        properties = item["properties"]
        start = properties.get("start_datetime") or properties["datetime"]
        end = properties.get("end_datetime") or properties["datetime"]
        return cls(
            item=item,
            footprint=shape(item["geometry"]),
            start=datetime.fromisoformat(start),
            end=datetime.fromisoformat(end),
        )


def bbox_geometry(bbox: tuple[float, ...]) -> BaseGeometry:
    """Return the area of a bounding box, which may cross the 180th meridian.

    Parameters
    ----------
    bbox
        West, south, east, north in degrees; with heights, six numbers, and these are ignored.

    Raises
    ------
    SearchError
        South is north of north, or a latitude or longitude does not exist.
    """
    west, south, east, north = bbox if len(bbox) == 4 else (*bbox[:2], *bbox[3:5])
    if not (-90 <= south <= north <= 90):
        raise SearchError(
            f"bbox: latitudes must be -90 <= south <= north <= 90, not {south} and {north}"
        )
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise SearchError(f"bbox: longitudes must be within -180 and 180, not {west} and {east}")
    if west > east:
        return box(west, south, 180, north).union(box(-180, south, east, north))
    return box(west, south, east, north)


def field_value(item: Item, name: str, default: object = None) -> Any:
    """Return a field of an item by its name in a query or sort, such as ``eo:cloud_cover``.

    A name may begin with ``properties.``; ``id``, ``collection`` and other fields outside the
    properties are found as well.
    """
    properties = item["properties"]
    if name in properties:
        return properties[name]
    value: Any = item
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return value


def check_query(query: dict[str, dict[str, Any]]) -> None:
    """Check the operators of a query and the kinds of their values.

    Raises
    ------
    SearchError
        An operator is unknown, or its value is of a kind that it cannot compare.
    """
    for name, conditions in query.items():
        for operator, wanted in conditions.items():
            if operator not in OPERATORS:
                raise SearchError(
                    f"query: {operator!r} on {name!r} is not one of {', '.join(OPERATORS)}"
                )
            types, words = _WANTED_TYPES.get(operator, ((object,), ""))
            if not isinstance(wanted, types) or (isinstance(wanted, bool) and words):
                raise SearchError(f"query: {operator!r} on {name!r} needs {words}, not {wanted!r}")


def matches_query(item: Item, query: dict[str, dict[str, Any]]) -> bool:
    """Whether an item fulfils every condition of a (checked) query.

    A property that is a list fulfils a condition if one of its values does.

    Raises
    ------
    SearchError
        A value cannot be compared with what is wanted.
    """
    for name, conditions in query.items():
        value = field_value(item, name, _ABSENT)
        for operator, wanted in conditions.items():
            if value is _ABSENT or value is None:
                if operator != "neq":
                    return False
                continue
            values = value if isinstance(value, list) else [value]
            found = (OPERATORS[operator](each, _like(each, wanted)) for each in values)
            try:
                if not (all(found) if operator == "neq" else any(found)):
                    return False
            except (TypeError, AttributeError, ValueError) as error:
                raise SearchError(
                    f"query: {operator!r} cannot compare {name!r} (such as {value!r}) "
                    f"with {wanted!r}"
                ) from error
    return True


def _like(value: Any, wanted: Any) -> Any:
    """Read text as a number where it is compared with one, as Earth Search does."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(wanted) if is_number and isinstance(wanted, str) else wanted


def select(
    scenes: Iterable[Scene],
    *,
    ids: list[str] | None = None,
    collections: list[str] | None = None,
    area: BaseGeometry | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    query: dict[str, dict[str, Any]] | None = None,
) -> list[Item]:
    """Return the items that fulfil every condition given.

    Parameters
    ----------
    scenes
        What is searched.
    ids, collections
        Identifiers of items and collections; None or an empty list means any.
    area
        The footprint must intersect this geometry (degrees).
    start, end
        The item's time must touch this closed interval; None is an open end.
    query
        Conditions on properties, ``{"eo:cloud_cover": {"lt": 10}}``.

    Raises
    ------
    SearchError
        The query is malformed.
    """
    check_query(query or {})
    return [
        scene.item
        for scene in scenes
        if (not ids or scene.item["id"] in ids)
        and (not collections or scene.item["collection"] in collections)
        and (start is None or scene.end >= start)
        and (end is None or scene.start <= end)
        and (area is None or scene.footprint.intersects(area))
        and matches_query(scene.item, query or {})
    ]


def ordered(items: Iterable[Item], sortby: list[tuple[str, str]] | None) -> list[Item]:
    """Sort items by fields and directions (``asc`` or ``desc``); without any, newest first.

    Items without a field come last in either direction.

    Raises
    ------
    SearchError
        The values of a field have no order.
    """
    result = list(items)
    for name, direction in reversed(sortby or NEWEST_FIRST):
        values = [field_value(item, name) for item in result]
        present = [(value, item) for value, item in zip(values, result, strict=True)]
        without = [item for value, item in present if value is None]
        try:
            present = sorted(
                (pair for pair in present if pair[0] is not None),
                key=lambda pair: pair[0],
                reverse=direction == "desc",
            )
        except TypeError as error:
            raise SearchError(f"sortby: the values of {name!r} have no order") from error
        result = [item for _, item in present] + without
    return result


def with_fields(item: Item, include: list[str] | None, exclude: list[str]) -> Item:
    """Return an item with some of its fields only, as the STAC API's Fields Extension says.

    Nested fields are named with dots (``properties.platform``).

    Parameters
    ----------
    item
        A STAC item.
    include
        Fields returned besides `ALWAYS_FIELDS`; an empty list means `DEFAULT_FIELDS`, None means
        all fields.
    exclude
        Fields left out, unless they, or fields in them, are included by name.
    """
    if include is None:
        result = dict(item)
    else:
        result = {}
        for name in [*ALWAYS_FIELDS, *include] if include else DEFAULT_FIELDS:
            _copy_path(item, result, name.split("."))
    for name in exclude:
        if not any(f"{kept}.".startswith(f"{name}.") for kept in include or []):
            _drop_path(result, name.split("."))
    return result


def _copy_path(source: Item, target: Item, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if name not in source:
        return
    if not rest:
        value = source[name]
        target[name] = dict(value) if isinstance(value, dict) else value
    elif isinstance(source[name], dict):
        _copy_path(source[name], target.setdefault(name, {}), rest)


def _drop_path(target: Item, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if name not in target:
        return
    if not rest:
        del target[name]
    elif isinstance(target[name], dict):
        target[name] = dict(target[name])
        _drop_path(target[name], rest)
