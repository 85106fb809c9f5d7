"""Field records as people have them: read from what they come in, and looked over for slips."""

from __future__ import annotations

import re
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
from lesson_parts import PROJECT
from shapely.geometry import MultiPoint, Point, box

from helpers import CourseError
from helpers.own_points import (
    correct_positions,
    find_faults,
    read_area,
    read_points,
    report_on,
)
from helpers.own_points.faults import ADVICE
from helpers.paths import kit_folder

AREA = gpd.GeoDataFrame(geometry=[box(20.40, -34.30, 20.50, -34.20)], crs="EPSG:4326")


def places(*pairs) -> list[tuple[float, float]]:
    return [(pytest.approx(x, abs=1e-6), pytest.approx(y, abs=1e-6)) for x, y in pairs]


def read_text(folder, text, name="records.csv", encoding="utf-8") -> gpd.GeoDataFrame:
    (folder / name).write_text(text, encoding=encoding)
    return read_points(folder / name)


def test_a_messy_table_with_semicolons_commas_and_degree_signs(tmp_path):
    points = read_text(
        tmp_path,
        "Latitude;Longitude;Date;what\n"
        "-34,25;20,45;24 Mar 2025;wattle\n"
        "34°15'36\"S;20°27'0\"E;04/11/2024;wattle\n"
        "S 34 15.6;E 20 27;2024-11-04;wattle\n"
        "−34.25;20.45;;wattle\n"
        "somewhere;20.45;soon;wattle\n",
    )
    known = points.geometry[:4]
    assert list(zip(known.x, known.y, strict=True)) == places(
        (20.45, -34.25), (20.45, -34.26), (20.45, -34.26), (20.45, -34.25)
    )
    assert points.geometry.isna().tolist() == [False] * 4 + [True]
    assert points["date"].dt.strftime("%Y-%m-%d").tolist()[:3] == [
        "2025-03-24", "2024-11-04", "2024-11-04",
    ]  # fmt: skip
    assert points["date"].isna().sum() == 2
    assert points["accuracy_m"].isna().all()
    assert points["what"].tolist() == ["wattle"] * 5
    assert points.attrs["supposed"] == [
        "Longitude and Latitude are degrees of WGS 84 (EPSG:4326)",
        "no accuracy is known: no column is called accuracy, or like it",
    ]


def test_accuracies_as_people_write_them(tmp_path):
    said = ["4,5", "12.25", "± 5 m", "5-10 m", "8 metres", "150,0", "2 km", "1,000", "GPS", ""]
    rows = "".join(f"-34,25;20,45;{accuracy}\n" for accuracy in said)
    points = read_text(tmp_path, f"Latitude (S);Longitude (E);Accuracy (m)\n{rows}")
    expected = [4.5, 12.25, 5, 10, 8, 150] + [None] * 4
    assert [None if pd.isna(metres) else metres for metres in points["accuracy_m"]] == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_whatever_excel_saves_is_read(tmp_path, encoding):
    text = "\nlat\tlon\tplace\n-34.25\t20.45\tMôreson\n"
    points = read_text(tmp_path, text, name="records.txt", encoding=encoding)
    assert points["place"].tolist() == ["Môreson"]
    assert points.geometry.y.tolist() == [-34.25]


def test_an_export_of_gbif(tmp_path):
    points = read_text(
        tmp_path,
        "gbifID\tspecies\tdecimalLatitude\tdecimalLongitude\tcoordinateUncertaintyInMeters\t"
        "eventDate\tlocality\n"
        '1\tAcacia mearnsii\t-34.25\t20.45\t250\t2024-05-01T10:00Z\tfarm "Rust en Vrede\n'
        "2\tAcacia mearnsii\t-34.26\t20.46\t\t2024-01-02/2024-02-03\tdam\n",
        name="0001.csv",
    )
    assert len(points) == 2
    assert points["accuracy_m"].fillna(-1).tolist() == [250, -1]
    assert points["date"].dt.date.astype(str).tolist() == ["2024-05-01", "2024-01-02"]


EXPORT = 'gbifID\tdecimalLatitude\tdecimalLongitude\tlocality\n1\t-34.25\t20.45\t"Vrede farm\n'


@pytest.mark.parametrize(
    "files",
    [
        {"0001.csv": EXPORT},
        {"occurrence.txt": EXPORT, "verbatim.txt": "gbifID\n1\n", "meta.xml": "<archive/>"},
        {"observations.csv": EXPORT, "__MACOSX/._observations.csv": "x"},
    ],
)
def test_the_archive_that_is_sent_need_not_be_unpacked(tmp_path, files):
    with zipfile.ZipFile(tmp_path / "sent.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    points = read_points(tmp_path / "sent.zip")
    assert points["locality"].tolist() == ['"Vrede farm']
    assert points.geometry.y.tolist() == [-34.25]


def test_a_zipped_shapefile(tmp_path):
    gpd.GeoSeries([Point(20.45, -34.25)], crs="EPSG:4326").to_file(tmp_path / "p.shp")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"p.{suffix}", f"p.{suffix}")
        archive.writestr("remarks.csv", "what\nnothing\n")
    assert read_points(tmp_path / "p.zip").geometry.y.tolist() == [-34.25]


def test_an_export_of_inaturalist_takes_the_accuracy_that_the_public_gets(tmp_path):
    points = read_text(
        tmp_path,
        "id,observed_on,latitude,longitude,positional_accuracy,public_positional_accuracy\n"
        "9,2024-05-01,-34.25,20.45,5,28000\n",
    )
    assert points["accuracy_m"].tolist() == [28000]
    assert points["date"].dt.date.astype(str).tolist() == ["2024-05-01"]


@pytest.mark.parametrize("name", ["p.gpkg", "p.shp", "p.kml", "p.geojson", "p.xlsx", "p.ods"])
def test_every_kind_of_file(tmp_path, name):
    layer = gpd.GeoDataFrame(
        {"what": ["wattle", "pine"], "latitude": [-34.25, -34.26], "longitude": [20.45, 20.46]},
        geometry=gpd.points_from_xy([20.45, 20.46], [-34.25, -34.26]),
        crs="EPSG:4326",
    )
    if name.endswith((".xlsx", ".ods")):
        import pyogrio

        pyogrio.write_dataframe(pd.DataFrame(layer.drop(columns="geometry")), tmp_path / name)
    else:
        layer.to_crs("EPSG:4326" if name.endswith(("kml", "geojson")) else "EPSG:32733").to_file(
            tmp_path / name
        )
    points = read_points(tmp_path / name)
    assert points.crs == "EPSG:4326"
    assert list(zip(points.geometry.x, points.geometry.y, strict=True)) == places(
        (20.45, -34.25), (20.46, -34.26)
    )
    assert list(points["date"].isna()) == [True, True]


def test_metres_need_their_projection(tmp_path):
    (tmp_path / "p.csv").write_text("x,y\n449377,6209867\n449400,6209900\n")
    with pytest.raises(
        CourseError, match=r"not degrees \(the first: 449377, 6209867\).*EPSG:32734"
    ):
        read_points(tmp_path / "p.csv")
    points = read_points(tmp_path / "p.csv", crs="EPSG:32734")
    assert points.geometry.x[0] == pytest.approx(20.45, abs=0.01)
    assert not any("EPSG" in supposed for supposed in points.attrs["supposed"])


def test_a_south_african_grid_with_either_signs(tmp_path):
    errors = (PROJECT / "docs" / "errors.md").read_text()
    (east_and_north,) = re.findall(r'POINTS_CRS = "(\+proj[^"]+)"', errors)
    place = gpd.GeoSeries([Point(19.2, -33.8)], crs="EPSG:4326")
    for crs in ("EPSG:2048", east_and_north):
        metres = place.to_crs(crs).get_coordinates()
        assert (metres["y"].item() < 0) == (crs == east_and_north)
        metres.to_csv(tmp_path / "p.csv")
        there = read_points(tmp_path / "p.csv", crs=crs).geometry
        assert list(zip(there.x, there.y, strict=True)) == places((19.2, -33.8))


def test_a_layer_whose_projection_is_missing_or_wrong(tmp_path):
    metres = gpd.GeoSeries([Point(449377, 6209867)], crs="EPSG:32734")
    metres.to_file(tmp_path / "p.shp")
    (tmp_path / "p.prj").unlink()
    with pytest.raises(CourseError, match=r"not degrees.*\.prj"):
        read_points(tmp_path / "p.shp")
    assert read_points(tmp_path / "p.shp", crs=32734).geometry.y[0] == pytest.approx(
        -34.25, abs=0.01
    )
    gpd.GeoSeries([Point(20.45, -34.25)], crs=4326).to_file(tmp_path / "q.shp")
    (tmp_path / "q.prj").unlink()
    assert "names no projection" in read_points(tmp_path / "q.shp").attrs["supposed"][0]


def test_the_file_s_own_projection_counts_and_that_is_said(tmp_path):
    gpd.GeoSeries([Point(449377, 6209867)], crs="EPSG:32734").to_file(tmp_path / "p.gpkg")
    points = read_points(tmp_path / "p.gpkg", crs="EPSG:2048")
    assert points.geometry.y[0] == pytest.approx(-34.25, abs=0.01)
    assert points.attrs["supposed"][0] == (
        "the file says WGS 84 / UTM zone 34S, and that counts, not Hartebeesthoek94 / Lo19"
    )
    same = read_points(tmp_path / "p.gpkg", crs="EPSG:32734")
    assert not any("counts" in supposed for supposed in same.attrs["supposed"])


def test_what_is_no_point_gets_one(tmp_path):
    shapes = [Point(20.45, -34.25), box(20.44, -34.26, 20.45, -34.25)]
    shapes += [MultiPoint([(20, -34), (20.1, -34), (20.2, -34)])]
    gpd.GeoDataFrame({"n": [0, 1, 2]}, geometry=shapes, crs=4326).to_file(tmp_path / "p.gpkg")
    points = read_points(tmp_path / "p.gpkg")
    assert set(points.geom_type) == {"Point"}
    assert points["n"].tolist() == [0, 1, 2, 2, 2]
    assert points.attrs["supposed"][:2] == [
        "groups of points (1): each point is a record",
        "lines or areas (1): a point inside represents each",
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "There is no file"),
        (
            "p.csv",
            b"place,what\nhere,wattle\n",
            r"no columns of coordinates \(it has: place, what\)",
        ),
        ("p.csv", b"PK\x03\x04", "zip archive"),
        ("p.csv", b"", "cannot be read"),
        ("p.gpkg", b"no layer", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CourseError, match=words):
        read_points(tmp_path / name)


ROWS = {  # of each fault a record that has it: longitude, latitude, kind, date, accuracy
    "no position": (None, None, "wattle", "2025-01-01", 5),
    "coordinate is zero": (0.0, 0.0, "wattle", "2025-01-01", 5),
    "swapped": (-34.25, 20.45, "wattle", "2025-01-01", 5),
    "sign left out": (20.45, 34.26, "wattle", "2025-01-01", 5),
    "far from the area": (24.05, -34.25, "wattle", "2025-01-01", 5),
    "outside the area": (20.505, -34.25, "wattle", "2025-01-01", 5),
    "less exact than a pixel": (20.42, -34.22, "wattle", "2025-01-01", 100),
    "accuracy not said": (20.42, -34.24, "wattle", "2025-01-01", None),
    "no date": (20.42, -34.26, "wattle", None, 5),
    "date to come": (20.42, -34.28, "wattle", "2052-01-01", 5),
    "long before or after the scene": (20.42, -34.29, "wattle", "2018-01-01", 5),
    "of a rare kind": (20.44, -34.29, "gum", "2025-01-01", 5),
}


def records() -> gpd.GeoDataFrame:
    """Return a record for each fault, two pairs of neighbours, and thirty sound ones."""
    table = dict(ROWS)
    table["first"] = table["entered twice"] = (20.46, -34.22, "wattle", "2025-01-01", 5)
    table["other"] = (20.48, -34.22, "wattle", "2025-01-01", 5)
    table["in a pixel with another"] = (20.48, -34.22, "wattle", "2025-01-02", 5)
    table |= {
        f"sound {n}": (20.405 + n / 400, -34.275, "wattle", "2025-01-01", 5) for n in range(30)
    }
    columns = ["x", "y", "kind", "date", "accuracy_m"]
    rows = pd.DataFrame.from_dict(table, orient="index", columns=columns)
    points = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(rows.x, rows.y), crs="EPSG:4326")
    points.loc[rows.x.isna(), "geometry"] = None
    return points.assign(date=pd.to_datetime(points["date"]))


@pytest.mark.parametrize("read", [read_points, read_area])
def test_what_is_no_file_or_no_projection_is_refused(read, tmp_path):
    AREA.to_file(tmp_path / "area.gpkg")
    with pytest.raises(CourseError, match="in quotes, not a list"):
        read([tmp_path / "area.gpkg"])
    with pytest.raises(CourseError, match="is a folder: name the file"):
        read(tmp_path)
    with pytest.raises(CourseError, match="'EPSG:99999999' is no projection"):
        read(tmp_path / "area.gpkg", crs="EPSG:99999999")


def test_of_two_columns_none_is_chosen_in_silence(tmp_path):
    with pytest.raises(CourseError, match="longitude, Longitude could be the longitude"):
        read_text(tmp_path, "longitude,Longitude,latitude\n20.4,20.5,-34.2\n")


def test_an_infinite_place_is_none(tmp_path):
    points = read_text(tmp_path, "longitude,latitude\ninf,-34.2\n20.4,-34.2\n")
    assert list(points.geometry.isna()) == [True, False]


def test_each_fault_is_found_where_it_is_and_nowhere_else():
    faults = find_faults(records(), AREA, kind="kind", scene_date="2025-09-18")
    assert list(faults.columns) == list(ADVICE)
    assert not faults["absent or planted"].any()
    for name in [*ROWS, "entered twice", "in a pixel with another"]:
        others = {"coordinate is zero"} if name == "far from the area" else set()
        assert set(faults.index[faults[name]]) == {name} | others, name
    neighbours = {"first", "entered twice", "other", "in a pixel with another"}
    assert set(faults.index[faults["close to another"]]) == neighbours
    assert not faults.loc[faults.index.str.startswith("sound")].any(axis=None)


def test_exports_say_themselves_what_is_no_sighting():
    points = records().filter(like="sound", axis="index").assign(
        occurrenceStatus="PRESENT", captive_cultivated=False, basisOfRecord="HUMAN_OBSERVATION",
        establishmentMeans=None,
    )  # fmt: skip
    points.loc["sound 3", "occurrenceStatus"] = "ABSENT"
    points.loc["sound 5", "captive_cultivated"] = True
    points.loc["sound 7", "establishmentMeans"] = "cultivated"
    points.loc["sound 9", "basisOfRecord"] = "LIVING_SPECIMEN"
    faults = find_faults(points, AREA, kind="kind", scene_date="2025-09-18")
    assert set(faults.index[faults["absent or planted"]]) == {f"sound {n}" for n in (3, 5, 7, 9)}


def test_the_area_may_come_in_metres():
    in_metres = find_faults(records(), AREA.to_crs(32734), "kind", "2025-09-18")
    pd.testing.assert_frame_equal(in_metres, find_faults(records(), AREA, "kind", "2025-09-18"))


def test_slips_are_mended_and_nothing_else_moves():
    before = records()
    after = correct_positions(before, AREA)
    moved = before.geometry.notna() & ~before.geometry.geom_equals(after.geometry)
    assert set(before.index[moved]) == {"swapped", "sign left out"}
    assert list(after.loc["swapped"].geometry.coords) == places((20.45, -34.25))
    assert list(after.loc["sign left out"].geometry.coords) == places((20.45, -34.26))


def test_the_report_counts_names_and_advises():
    faults = find_faults(records(), AREA, kind="kind", scene_date="2025-09-18")
    report = report_on(faults)
    assert report.loc["far from the area", "records"] == 2
    assert report.loc["swapped", "rows, such as"] == "swapped"
    assert report.loc["swapped", "what to do"] == ADVICE["swapped"]
    assert report_on(faults.filter(like="sound", axis="index")).empty


@pytest.mark.kit
def test_of_what_the_second_place_is_known_to_have_wrong():
    office = kit_folder() / "second_place"
    points = read_points(office / "records.csv").set_index("no", drop=False)
    points["kind"] = "plant"
    area = gpd.read_file(office / "outline.kml")
    faults = find_faults(points, area, kind="kind", scene_date="2025-09-18")
    truth = kit_folder() / "truth_no_real_project_has" / "second_place" / "records.csv"
    known = pd.read_csv(truth, dtype={"no": str}).set_index("no").loc[points.index]
    for name, error in {
        "swapped": "latitude and longitude swapped",
        "date to come": "year mistyped",
    }.items():
        assert (faults[name] == (known["error"] == error)).all(), name
    assert faults["entered twice"].sum() == (known["error"] == "typed twice").sum()
    true_places = gpd.GeoSeries.from_xy(known["x"], known["y"], crs="EPSG:32734")
    corrected = correct_positions(points, area).to_crs("EPSG:32734")
    metres = corrected.distance(true_places.set_axis(points.index))
    slipped = faults["swapped"] | faults["sign left out"]
    assert slipped.sum() >= 15
    assert metres[slipped].max() < 250  # 100 m is what a finger on a map is said to be exact to
