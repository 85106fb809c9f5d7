"""The S3 bucket, with the clients of the lessons, across restarts of its server."""

import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import icechunk
import numpy as np
import psutil
import pytest
import s3fs
import zarr
from botocore.config import Config
from botocore.exceptions import ClientError
from waiting import has_ended, wait_until

from offline_kit.errors import CourseError
from offline_kit.serve import client, ensure_server
from offline_kit.serve.bucket import Bucket
from offline_kit.serve.state import BucketFolder, Keys

KEYS = ["a", "a/b", "with space/é~%2F?#&+.tif", "x" * 200, "UPPER", "upper"]
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
        family = [server, *server.children()]
        for process in family:
            process.kill() if kill else process.terminate()
        wait_until(lambda: all(has_ended(process.pid) for process in family))
        for token in self.leases:
            client._leases.pop(token).close()

    @property
    def files(self):
        return s3fs.S3FileSystem(
            key=self.addresses.access_key,
            secret=self.addresses.secret_key,
            endpoint_url=self.addresses.s3_url,
            client_kwargs={"region_name": self.addresses.region},
            skip_instance_cache=True,
        )

    @property
    def s3(self):
        return s3_client(self.addresses)

    def get(self, key):
        return self.s3.get_object(Bucket="course", Key=key)["Body"].read()

    def refuses(self, key, **condition):
        with pytest.raises(ClientError) as error:
            self.s3.put_object(Bucket="course", Key=key, Body=b"refused", **condition)
        return error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412

    def repository(self, prefix="cube/pines"):
        storage = icechunk.s3_storage(
            bucket="course",
            prefix=prefix,
            endpoint_url=self.addresses.s3_url,
            allow_http=True,
            force_path_style=True,
            access_key_id=self.addresses.access_key,
            secret_access_key=self.addresses.secret_key,
            region=self.addresses.region,
        )
        return icechunk.Repository.open_or_create(storage)


def s3_client(addresses, **keys):
    keys = {"access_key": addresses.access_key, "secret_key": addresses.secret_key} | keys
    return boto3.client(
        "s3",
        endpoint_url=addresses.s3_url,
        aws_access_key_id=keys["access_key"],
        aws_secret_access_key=keys["secret_key"],
        region_name=addresses.region,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def before():
    """What clients were told before the server was ended and started again."""
    return {}


@pytest.fixture(scope="module")
def course(kit, tmp_path_factory, before):
    """A bucket that was filled, and whose server was then ended and started again."""
    folder = tmp_path_factory.mktemp("course") / "bucket"
    folder.mkdir(mode=0o755)  # as an earlier version left it, open to others
    course = Course(kit, folder)
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
    before["link"] = course.files.sign("course/map.tif", expiration=3600)
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


def test_a_part_of_an_object_is_read_by_range(course):
    part = course.files.cat_file("course/outputs/big.tif", start=1000, end=2_000_000)
    assert part == BIG[1000:2_000_000]


def test_a_signed_link_works_for_its_hour_also_after_a_restart_and_for_one_host_only(
    course, before
):
    with urllib.request.urlopen(before["link"]) as answer:
        assert answer.read() == b"tiff"
    for headers in ({"Host": "rebound.example"}, {"Host": "hub.example:443"}):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(urllib.request.Request(before["link"], headers=headers))
        assert error.value.code == 403
    expired = course.s3.generate_presigned_url(
        "get_object", Params={"Bucket": "course", "Key": "map.tif"}, ExpiresIn=1
    )
    wait_until(lambda: status_of(expired) == 403)


def test_what_is_sent_to_a_signed_link_is_kept_or_refused(course):
    link = course.s3.generate_presigned_url(
        "put_object", Params={"Bucket": "course", "Key": "sent"}, ExpiresIn=60
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl --data-binary says
    request = urllib.request.Request(link, b"content", form, method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert course.get("sent") == b"content"
    course.s3.delete_object(Bucket="course", Key="sent")


def status_of(request):
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["", "course", "course/a", "course?uploads", "?Action=ListUsers"])
def test_unsigned_requests_are_refused(course, method, path):
    request = urllib.request.Request(f"{course.addresses.s3_url}/{path}", method=method)
    assert 400 <= status_of(request) < 500
    assert course.get("a") == b""


@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_wrongly_signed_requests_are_refused(course, wrong):
    stranger = s3_client(course.addresses, **{wrong: "A" * 20})
    for ask in (
        stranger.list_buckets,
        lambda: stranger.get_object(Bucket="course", Key="a"),
        lambda: stranger.put_object(Bucket="course", Key="a", Body=b"theirs"),
        lambda: stranger.delete_object(Bucket="course", Key="a"),
    ):
        with pytest.raises(ClientError) as error:
            ask()
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert course.get("a") == b""


def test_only_s3_is_answered(course):
    """The other servers in its process ask for a certificate that nobody else has."""
    (bucket,) = psutil.Process(course.addresses.pid).children()
    ports = {each.laddr for each in bucket.net_connections() if each.status == psutil.CONN_LISTEN}
    assert {address.ip for address in ports} == {"127.0.0.1"}
    others = {address.port for address in ports} - {urlsplit(course.addresses.s3_url).port}
    assert len(others) >= 8
    for port in others:
        for scheme in ("http", "https"):
            curl = ["curl", "-sk", "-m", "10", "-o", os.devnull, "-w", "%{http_code}"]
            said = subprocess.run(
                [*curl, f"{scheme}://127.0.0.1:{port}/"], capture_output=True, text=True
            ).stdout
            assert said in ("000", "400"), (scheme, port, said)


@pytest.mark.skipif(os.name == "nt", reason="no modes of files there")
def test_what_the_bucket_keeps_is_closed_to_others(course):
    folder = BucketFolder(course.folder)
    assert folder.path.stat().st_mode & 0o777 == 0o700
    for name in ("keys.json", "server.json", "seaweedfs/key.pem"):
        assert (folder.path / name).stat().st_mode & 0o777 == 0o600
    for socket in Path("/tmp").glob("seaweedfs-*.sock"):
        assert socket.stat().st_uid != os.getuid() or socket.stat().st_mode & 0o077 == 0


def test_conditional_writes_hold_for_loaded_objects(course, before):
    assert course.refuses("ref", IfNoneMatch="*")
    assert course.refuses("ref", IfMatch='"0123"')
    course.s3.put_object(Bucket="course", Key="ref", Body=b"2", IfMatch=before["ref"])
    assert course.refuses("ref", IfMatch=before["ref"])
    assert course.get("ref") == b"2"


def test_only_one_of_many_writers_creates_an_object(course):
    s3 = course.s3

    def create(number):
        condition = {"Bucket": "course", "Key": "only-one", "IfNoneMatch": "*"}
        try:
            s3.put_object(Body=str(number).encode(), **condition)
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


def test_sixteen_writers_lose_nothing(course):
    session = course.repository("cube/many").writable_session("main")
    zarr.create_array(session.store, shape=(32,), chunks=(1,), dtype="i4")
    session.commit("empty")

    def write(number):
        repository = course.repository("cube/many")
        for cell in (number, number + 16):
            session = repository.writable_session("main")
            zarr.open_array(session.store)[cell] = cell + 1
            session.commit(
                f"cell {cell}", rebase_with=icechunk.ConflictDetector(), rebase_tries=1000
            )

    with ThreadPoolExecutor(16) as writers:
        list(writers.map(write, range(16)))
    repository = course.repository("cube/many")
    messages = {snapshot.message for snapshot in repository.ancestry(branch="main")}
    assert messages >= {f"cell {cell}" for cell in range(32)}
    kept = zarr.open_array(repository.readonly_session("main").store, mode="r")[:]
    assert kept.tolist() == list(range(1, 33))


def test_what_was_acknowledged_is_there_when_everything_was_killed(course):
    for number in range(5):
        course.s3.put_object(Bucket="course", Key=f"killed/{number}", Body=BIG[: 10**number])
    course.end(kill=True)
    course.start()
    for number in range(5):
        assert course.get(f"killed/{number}") == BIG[: 10**number]
    course.files.rm("course/killed", recursive=True)


@pytest.fixture
def small_disk():
    """A disk of 60 MB."""
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", folder])
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
    folder.rmdir()


def test_what_a_full_disk_cannot_keep_is_refused_and_blocks_nothing_that_follows(small_disk):
    keys = Keys.make()
    with Bucket(small_disk / "bucket", keys, small_disk / "bucket.log") as bucket:
        bucket.wait_until_ready()
        s3 = boto3.client(
            "s3",
            endpoint_url=bucket.url,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            region_name="af-south-1",
            config=Config(retries={"total_max_attempts": 1}),
        )
        filler = small_disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 20_000_000))
        s3.put_object(Bucket="course", Key="kept", Body=BIG)
        with pytest.raises(ClientError) as error:
            s3.put_object(Bucket="course", Key="too large", Body=BIG * 3)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        with pytest.raises(ClientError):
            s3.head_object(Bucket="course", Key="too large")
        filler.unlink()
        s3.put_object(Bucket="course", Key="after", Body=BIG)
        for key in ("kept", "after"):
            assert s3.get_object(Bucket="course", Key=key)["Body"].read() == BIG


def test_a_server_does_not_start_on_a_full_disk_and_says_so(kit, small_disk):
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 10_000_000))
    with pytest.raises(CourseError, match=r"is full \(10 MB free\); free 50 MB or more"):
        ensure_server(kit, small_disk / "bucket")
