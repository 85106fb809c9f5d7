"""The S3 bucket, with the clients of the lessons, across restarts of its server."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import boto3
import icechunk
import numpy as np
import psutil
import pytest
import s3fs
import zarr
from botocore.exceptions import ClientError
from waiting import has_ended, wait_until

from offline_kit.serve import client, ensure_server
from offline_kit.serve.state import BucketFolder

KEYS = ["a", "a/b", "a/b/", "with space/é~%2F?#&+.tif", "../up", "x" * 1000, "UPPER", "upper"]
BIG = np.random.default_rng(0).bytes(12_000_000)  # more than one part of an upload


class Course:
    """A server with a bucket folder of its own, and the clients that lessons use."""

    def __init__(self, kit, folder):
        self.kit, self.folder = kit, folder
        self.start()

    def start(self):
        held = set(client._leases)
        self.addresses = ensure_server(self.kit, self.folder)
        self.leases = set(client._leases) - held

    def end(self, kill=False):
        server = psutil.Process(self.addresses.pid)
        server.kill() if kill else server.terminate()
        wait_until(lambda: has_ended(self.addresses.pid))
        for token in self.leases:
            client._leases.pop(token).close()

    @property
    def files(self):
        return s3fs.S3FileSystem(endpoint_url=self.addresses.s3_url, skip_instance_cache=True)

    @property
    def s3(self):
        return boto3.client("s3", endpoint_url=self.addresses.s3_url)

    def get(self, key):
        return self.s3.get_object(Bucket="course", Key=key)["Body"].read()

    def refuses(self, key, **condition):
        with pytest.raises(ClientError) as error:
            self.s3.put_object(Bucket="course", Key=key, Body=b"refused", **condition)
        return error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412

    def repository(self):
        storage = icechunk.s3_storage(
            bucket="course",
            prefix="cube/pines",
            endpoint_url=self.addresses.s3_url,
            allow_http=True,
            force_path_style=True,
            from_env=True,
        )
        return icechunk.Repository.open_or_create(storage)


@pytest.fixture(scope="module")
def before():
    """What clients were told before the server was ended and started again."""
    return {}


@pytest.fixture(scope="module")
def course(kit, tmp_path_factory, before):
    """A bucket that was filled, and whose server was then ended and started again."""
    course = Course(kit, tmp_path_factory.mktemp("course") / "bucket")
    for number, key in enumerate(KEYS):
        course.s3.put_object(Bucket="course", Key=key, Body=bytes([number]) * number)
    course.s3.put_object(
        Bucket="course",
        Key="map.tif",
        Body=b"tiff",
        ContentType="image/tiff",
        Metadata={"made-by": "lesson-10"},
    )
    before["map.tif"] = course.s3.head_object(Bucket="course", Key="map.tif")
    before["ref"] = course.s3.put_object(Bucket="course", Key="ref", Body=b"1")["ETag"]
    with course.files.open("course/outputs/big.tif", "wb") as file:
        file.write(BIG)
    before["big"] = course.files.info("course/outputs/big.tif")["ETag"]
    for number in range(20):
        course.files.pipe(f"course/emptied/{number}", b"x")
    course.files.rm("course/emptied", recursive=True)
    session = course.repository().writable_session("main")
    zarr.create_array(session.store, shape=(4,), chunks=(2,), dtype="i4")[:] = 1
    before["commit"] = session.commit("first map")
    course.end()
    course.start()
    yield course
    course.end()


def test_objects_survive(course):
    listed = course.s3.list_objects_v2(Bucket="course")["Contents"]
    keys = {entry["Key"] for entry in listed if not entry["Key"].startswith("cube/")}
    assert keys - {"only-one"} == {*KEYS, "map.tif", "ref", "outputs/big.tif"}
    for number, key in enumerate(KEYS):
        assert course.get(key) == bytes([number]) * number


def test_metadata_survives(course, before):
    after = course.s3.head_object(Bucket="course", Key="map.tif")
    for field in ("ETag", "ContentType", "Metadata", "ContentLength", "LastModified"):
        assert after[field] == before["map.tif"][field]


def test_a_big_file_survives_with_the_etag_of_its_parts(course, before):
    assert course.files.ls("course/outputs") == ["course/outputs/big.tif"]
    assert course.files.info("course/outputs/big.tif")["ETag"] == before["big"]
    assert course.files.cat("course/outputs/big.tif") == BIG


def test_conditional_writes_hold_for_loaded_objects(course, before):
    assert course.refuses("ref", IfNoneMatch="*")
    assert course.refuses("ref", IfMatch='"0123"')
    course.s3.put_object(Bucket="course", Key="ref", Body=b"2", IfMatch=before["ref"])
    assert course.refuses("ref", IfMatch=before["ref"])
    assert course.get("ref") == b"2"


def test_only_one_of_many_writers_creates_an_object(course):
    def create(number):
        condition = {"Bucket": "course", "Key": "only-one", "IfNoneMatch": "*"}
        try:
            course.s3.put_object(Body=str(number).encode(), **condition)
        except ClientError:
            return None
        return number

    with ThreadPoolExecutor(16) as writers:
        winners = [number for number in writers.map(create, range(16)) if number is not None]
    assert len(winners) == 1
    assert course.get("only-one") == str(winners[0]).encode()


def test_icechunk_goes_on_where_it_was_and_refuses_conflicts(course, before):
    one, two = (course.repository().writable_session("main") for _ in range(2))
    zarr.open_array(one.store)[:] = 2
    zarr.open_array(two.store)[:] = 3
    second = one.commit("second map")
    with pytest.raises(icechunk.ConflictError):
        two.commit("in conflict")
    history = [snapshot.id for snapshot in course.repository().ancestry(branch="main")]
    assert history[:2] == [second, before["commit"]]
    for snapshot, value in ((before["commit"], 1), (second, 2)):
        store = course.repository().readonly_session(snapshot_id=snapshot).store
        assert (zarr.open_array(store, mode="r")[:] == value).all()


def test_what_was_saved_is_there_when_the_server_was_killed(kit, tmp_path):
    course = Course(kit, tmp_path)
    for body in (b"1", b"2"):
        etag = course.s3.put_object(Bucket="course", Key="killed", Body=body)["ETag"].strip('"')

    def saved():
        with closing(sqlite3.connect(BucketFolder(course.folder).objects)) as database:
            query = "SELECT etag FROM objects WHERE key = 'killed'"
            return database.execute(query).fetchone() == (etag,)

    wait_until(saved)
    course.end(kill=True)
    course.start()
    assert course.get("killed") == b"2"
    course.end()
