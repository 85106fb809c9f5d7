"""How fast the offline kit's server starts, how much it answers, and whether its memory stays flat.

Run ``python benchmarks/bench_serve.py [kit]``; the result is written to ``benchmarks/serve.md``.
"""

import argparse
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import boto3
import httpx
import psutil
from tqdm import tqdm

from offline_kit.serve import ServerAddresses, client, ensure_server

STARTS = 5
CLIENTS = 32
REQUESTS = 10_000
WARM_UP = 500
SAMPLES = 10
RESULT = Path(__file__).with_name("serve.md")
CREDENTIALS = {"aws_access_key_id": "learner", "aws_secret_access_key": "learner"}

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
        "processes wanted a core when it began (clients and server share the cores).",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder:
        lines += measure_starts(kit, Path(folder))
        addresses = ensure_server(kit, Path(folder))
        lines += measure_requests(addresses)
        end(addresses)
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def end(addresses: ServerAddresses) -> None:
    server = psutil.Process(addresses.pid)
    server.terminate()
    server.wait()
    client._give_up_leases()


def measure_starts(kit: Path, folder: Path) -> list[str]:
    seconds, processor = [], []
    for _ in tqdm(range(STARTS), "starts"):
        start = time.perf_counter()
        addresses = ensure_server(kit, folder)
        seconds.append(time.perf_counter() - start)
        times = psutil.Process(addresses.pid).cpu_times()
        processor.append(times.user + times.system)
        end(addresses)
    start = time.perf_counter()
    addresses = ensure_server(kit, folder)
    first = time.perf_counter() - start
    start = time.perf_counter()
    ensure_server(kit, folder)
    again = time.perf_counter() - start
    end(addresses)
    seconds.append(first)
    return [
        f"Start (`ensure_server` until it returns, {len(seconds)} times): median "
        f"{statistics.median(seconds):.1f} s, slowest {max(seconds):.1f} s; processor time "
        f"{statistics.median(processor):.1f} s. Finding a server that runs: {again * 1000:.0f} ms.",
        "",
    ]


def measure_requests(addresses: ServerAddresses) -> list[str]:
    server = psutil.Process(addresses.pid)
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
        memory = [server.memory_info().rss / 1e6]
        for sample in range(SAMPLES):
            run(mix, REQUESTS // SAMPLES, f"all kinds, {sample + 1} of {SAMPLES}")
            memory.append(server.memory_info().rss / 1e6)
    numbers = ", ".join(f"{value:.0f}" for value in memory)
    return [
        *lines,
        "",
        f"Memory of the server (RSS, MB) before {REQUESTS:,} requests of all kinds, mixed, and "
        f"after every {REQUESTS // SAMPLES:,} of them: {numbers}.",
    ]


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
    items = web.get("/v1/search", params={"limit": 100}).json()["features"]
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
        path = f"/tiles/15/{chance.randrange(18121, 18138)}/{chance.randrange(19650, 19670)}.png"
        yield lambda path=path: web.get(path).raise_for_status()


def objects(addresses: ServerAddresses, web: httpx.Client) -> Iterator[Request]:
    from botocore.config import Config

    s3 = boto3.client(
        "s3",
        endpoint_url=addresses.s3_url,
        region_name="us-east-1",
        config=Config(max_pool_connections=CLIENTS),
        **CREDENTIALS,
    )
    content = random.Random(4).randbytes(10_000)
    for number in count():
        key = {"Bucket": addresses.bucket, "Key": f"bench/{number % 100}"}
        yield lambda key=key: s3.put_object(Body=content, **key)
        yield lambda key=key: s3.list_objects_v2(Bucket=key["Bucket"], Prefix=key["Key"])
        yield lambda key=key: s3.delete_object(**key)


if __name__ == "__main__":
    main()
