"""What a field office hands over for the second place: a list of records, and an outline.

Nobody has tidied either: the list is typed by several people, the outline drawn by hand.
"""

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from shapely import contains_xy
from shapely.geometry import Polygon

from offline_kit.build.grid import EPSG, PIXEL, Window, windows_of
from offline_kit.build.landcover import CLASS_NAMES, GUM, PINE, ground_at
from offline_kit.build.landscape import Landscape
from offline_kit.build.parallel import ordered_map
from offline_kit.build.passes import Pass

NAME = "Ruiterskop wattle project"  # invented
PRESENCE, OTHERS, BACKGROUND = 240, 14, 420  # records of the target, of other trees, at random
CLEAR_ENOUGH = 0.5  # share of a pixel that the species must cover to be noted
NEAR_M = 250.0  # of a track: most records
SPELLINGS = (
    "Acacia mearnsii", "Acacia mearnsii", "Acacia mearnsii", "acacia mearnsii", "A. mearnsii",
    "Acacia mernsii", "Acacia mearnsii ", "Black wattle", "black wattle", "Swartwattel",
)  # fmt: skip
OTHER_SPECIES = {GUM: "Eucalyptus camaldulensis", PINE: "Pinus pinaster"}
OBSERVERS = ("N. Jacobs", "T. Mokoena", "L. Botha")
ACCURACY_M = (3, 4, 5, 5, 8, 10, 15, 30, 100)  # as the receiver says; 100: read from a map
FIRST_DAY, WEEKS = date(2024, 3, 4), 74
VISIT_M = 1500  # along the land that is walked on one day
COLUMNS = ("no", "type", "species", "date", "lat", "lon", "accuracy_m", "observer", "remarks")


@dataclass
class _Record:
    """One line of the list, and where the plant really stands."""

    x: float
    y: float
    row: dict[str, str]
    errors: list[str] = field(default_factory=list)


def make_outline(landscape: Landscape) -> Polygon:
    """Draw the outline of the project by hand, so to speak; EPSG:32734."""
    grid = landscape.grid
    generator = np.random.Generator(np.random.PCG64(landscape.seed + 901))
    half_width, half_height = (grid.east - grid.west) / 2, (grid.north - grid.south) / 2
    corners = []
    for k in range(28):
        angle = 2 * math.pi * k / 28
        reach = 0.86 + 0.10 * generator.random()
        east, north = math.cos(angle), math.sin(angle)
        longest = max(abs(east), abs(north)) ** 0.5  # between an ellipse and a box
        corners.append(
            (
                round(grid.west + half_width * (1 + reach * east / longest), 1),
                round(grid.south + half_height * (1 + reach * north / longest), 1),
            )
        )
    return Polygon(corners)


def as_kml(outline: Polygon) -> str:
    """Write an outline as a KML document with one placemark."""
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    places = (to_degrees.transform(x, y) for x, y in outline.exterior.coords)
    coordinates = " ".join(f"{longitude:.6f},{latitude:.6f},0" for longitude, latitude in places)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2">
<Document><name>{NAME}</name>
<Placemark><name>Project area</name><description>drawn by hand, SIMULATED</description>
<Polygon><tessellate>1</tessellate><outerBoundaryIs><LinearRing>
<coordinates>{coordinates}</coordinates>
</LinearRing></outerBoundaryIs></Polygon></Placemark>
</Document>
</kml>
"""


def _candidates(landscape: Landscape, scene: Pass) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return row, column, class and chance to be seen of the pixels with one clear tree class."""
    target = CLASS_NAMES.index(landscape.place.target)

    def look(window: Window) -> tuple[NDArray, ...]:
        ground = ground_at(landscape, window, scene.year, scene.dam_level)
        label = ground.fractions.argmax(axis=0)
        wanted = np.isin(label, [target, *OTHER_SPECIES])
        wanted &= ground.fractions.max(axis=0) > CLEAR_ENOUGH
        r, c = np.nonzero(wanted)
        seen = 1 / (1 + (ground.track[r, c] / NEAR_M) ** 2) + 0.03
        return r + window.row, c + window.column, label[r, c], seen

    found = ordered_map(look, windows_of(landscape.grid))
    row, column, label, seen = (np.concatenate(p) for p in zip(*found, strict=True))
    return row, column, label, seen


def _pick(
    weight: NDArray[np.float64], wanted: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw places without replacement, by weight (as the field points are)."""
    order = np.argsort((1.0 - generator.random(weight.size)) / weight, kind="stable")
    return order[:wanted]


class _Office:
    """The people who write the list: what they note of a place, and how they err."""

    def __init__(self, landscape: Landscape) -> None:
        self.landscape = landscape
        self.generator = np.random.Generator(np.random.PCG64(landscape.seed + 902))
        self.to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)

    def chance(self) -> float:
        return float(self.generator.random())

    def one_of(self, choices: tuple) -> object:
        return choices[int(self.chance() * len(choices))]

    def seen(self, row: int, column: int, species: str) -> _Record:
        """Note a tree with the receiver's place, a few metres off."""
        grid = self.landscape.grid
        x = grid.west + (column + self.chance()) * PIXEL
        y = grid.north - (row + self.chance()) * PIXEL
        accuracy = self.one_of(ACCURACY_M)
        slip = (self.generator.random((12, 2)).sum(axis=0) - 6) * accuracy / 1.5
        # neighbours were visited on one day
        visit = (int(x // VISIT_M) * 7919 + int(y // VISIT_M) * 104_729) % WEEKS
        day = FIRST_DAY + timedelta(days=7 * visit)
        digits = 3 if accuracy == 100 else 5
        line = self._line("presence", x + slip[0], y + slip[1], digits)
        line |= {
            "species": species,
            "date": self._date(day),
            "accuracy_m": "" if self.chance() < 0.08 else str(accuracy),
            "observer": OBSERVERS[visit % len(OBSERVERS)],
            "remarks": str(self.one_of(("", "", "", "", "dense", "seedlings", "along river", "?"))),
        }
        return _Record(x, y, line)

    def seen_again(self, record: _Record) -> _Record:
        """Note a tree that somebody else has noted, a little beside his place."""
        slip = self.generator.random(2) * 8 - 4
        line = record.row | self._line("presence", record.x + slip[0], record.y + slip[1], 5)
        line |= {key: record.row[key] for key in ("species", "date")}
        line |= {"accuracy_m": "5", "observer": str(self.one_of(OBSERVERS))}
        return _Record(record.x, record.y, line, ["same tree as another record"])

    def at_random(self, x: float, y: float) -> _Record:
        """Note a place that the office drew at random; nobody has looked what grows there."""
        line = self._line("background", x, y, 5)
        line |= {"date": "2025-08-01", "observer": "GIS office"}
        return _Record(x, y, line)

    def _line(self, kind: str, x: float, y: float, digits: int) -> dict[str, str]:
        longitude, latitude = self.to_degrees.transform(x, y)
        line = dict.fromkeys(COLUMNS, "") | {"type": kind}
        return line | {"lat": f"{latitude:.{digits}f}", "lon": f"{longitude:.{digits}f}"}

    def _date(self, day: date) -> str:
        chance = self.chance()
        if chance < 0.04:
            return ""
        if chance < 0.30:
            return f"{day:%d/%m/%Y}"
        return f"{day:%d %b %Y}" if chance < 0.36 else day.isoformat()


def _comma(row: dict[str, str]) -> None:
    row["lat"], row["lon"] = row["lat"].replace(".", ","), row["lon"].replace(".", ",")


def _no_sign(row: dict[str, str]) -> None:
    row["lat"] = row["lat"].removeprefix("-")


def _swapped(row: dict[str, str]) -> None:
    row["lat"], row["lon"] = row["lon"], row["lat"]


def _digits_traded(row: dict[str, str]) -> None:
    longitude = row["lon"]  # 20.45 becomes 24.05
    row["lon"] = f"{longitude[0]}{longitude[3]}.{longitude[1]}{longitude[4:]}"


def _future(row: dict[str, str]) -> None:
    row["date"] = "2052-04-11"


TYPING_ERRORS: dict[str, tuple[float, Callable[[dict[str, str]], None]]] = {
    "decimal comma": (0.030, _comma),
    "sign left out": (0.020, _no_sign),
    "latitude and longitude swapped": (0.015, _swapped),
    "digits of the longitude traded": (0.010, _digits_traded),
    "year mistyped": (0.010, _future),
}
TYPED_TWICE, SEEN_TWICE = 0.04, 0.02


def make_records(landscape: Landscape, outline: Polygon, scene: Pass) -> tuple[str, str]:
    """Write the office's list of records, and what is true of each.

    Parameters
    ----------
    landscape
    outline
        From `make_outline`; background places are drawn within it.
    scene
        The date on which the species are looked for.

    Returns
    -------
    records, truth
        CSV. The truth has the number of each record, its true place in EPSG:32734 and what is
        wrong with it.
    """
    office = _Office(landscape)
    row, column, label, seen = _candidates(landscape, scene)
    target = CLASS_NAMES.index(landscape.place.target)
    records = []
    for wanted, classes in ((PRESENCE, [target]), (OTHERS, list(OTHER_SPECIES))):
        own = np.flatnonzero(np.isin(label, classes))
        for i in own[_pick(seen[own], wanted, office.generator)]:
            species = OTHER_SPECIES.get(int(label[i])) or str(office.one_of(SPELLINGS))
            records.append(office.seen(int(row[i]), int(column[i]), species))
    records = _with_mistakes(records, office)
    west, south, east, north = outline.bounds
    wanted = len(records) + BACKGROUND
    while len(records) < wanted:
        x, y = west + office.chance() * (east - west), south + office.chance() * (north - south)
        if contains_xy(outline, x, y):
            records.append(office.at_random(round(x, 1), round(y, 1)))
    number = 0
    for record in records:
        number += 1 + (office.chance() < 0.03)  # a number now and then is skipped
        record.row["no"] = str(number)
    truth = [
        {"no": r.row["no"], "x": f"{r.x:.1f}", "y": f"{r.y:.1f}", "error": "; ".join(r.errors)}
        for r in records
    ]
    return _as_csv(COLUMNS, [r.row for r in records]), _as_csv(("no", "x", "y", "error"), truth)


def _with_mistakes(records: list[_Record], office: _Office) -> list[_Record]:
    """Type a list as people do: some lines wrong, some twice, in the order of nothing."""
    out = []
    for record in records:
        out.append(record)
        for name, (often, mistake) in TYPING_ERRORS.items():
            if office.chance() < often and not record.errors:
                mistake(record.row)
                record.errors.append(name)
        chance = office.chance()
        if chance < TYPED_TWICE:
            errors = [*record.errors, "typed twice"]
            out.append(_Record(record.x, record.y, dict(record.row), errors))
        elif chance < TYPED_TWICE + SEEN_TWICE and not record.errors:
            out.append(office.seen_again(record))
    return [out[i] for i in office.generator.permutation(len(out))]


def _as_csv(columns: tuple[str, ...], rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
