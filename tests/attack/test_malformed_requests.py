"""Five thousand requests that are none: random bytes, and good ones that were spoilt."""

import contextlib
import itertools
import random
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

REQUESTS = 5_000
WARM_UP = 1_000
CLIENTS = 8


def good_requests(host, root):
    """What a client may say, which is then spoilt."""
    head = f"Host: {host}\r\n"
    body = '{"limit": 1, "query": {"eo:cloud_cover": {"lt": 10}}}'
    typed = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    ranges = f"{head}Range: bytes=0-99,200-\r\n\r\n"
    return [
        f"GET {root}/v1/search?bbox=1,2,3,4&limit=1 HTTP/1.1\r\n{head}\r\n".encode(),
        f"POST {root}/v1/search HTTP/1.1\r\n{typed}".encode(),
        f"POST {root}/v1/search HTTP/1.1\r\n{chunked}".encode(),
        f"GET {root}/data/manifest.json HTTP/1.1\r\n{ranges}".encode(),
        f"GET {root}/tiles/13/4532/4915.png HTTP/1.1\r\n{head}\r\n".encode(),
        f"PUT /course/kept?uploads HTTP/1.1\r\n{typed}".encode(),
    ]


def malformed(seed, good):
    """A request that was spoilt: at random, but the same for a seed."""
    chance = random.Random(seed)
    if seed % 5 == 0:
        return chance.randbytes(chance.randrange(1, 3_000))
    request = bytearray(chance.choice(good))
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(len(request))
        kind = chance.randrange(4)
        if kind == 0:
            request[place] = chance.randrange(256)
        elif kind == 1:
            del request[place : place + chance.randrange(1, 40)]
        elif kind == 2:
            request[place:place] = chance.choice(
                [
                    b"\0",
                    b"\r\n",
                    b"%00",
                    b"%ff",
                    b"../",
                    b"A" * 70_000,
                    b"-1",
                    b"1" * 400,
                    b"{" * 900,
                ]
            )
        else:
            request[place:place] = request[chance.randrange(len(request)) :]
        request = request or bytearray(b" ")
    return bytes(request)


def send(port, request):
    """Send it, say that there is no more, and return the beginning of what is answered."""
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 30) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        while said := client.recv(65_536):
            answer = answer or said
    return answer[:400]


@pytest.mark.parametrize("served", ["web", "bucket"])
def test_malformed_requests_end_nothing_and_leave_no_memory_behind(learner, served):
    address = urlsplit(learner.told["stac_url"])
    port = learner.http_port if served == "web" else learner.s3_port
    good = good_requests(f"127.0.0.1:{port}", address.path.removesuffix("/v1"))
    before = learner.bucket()
    server = next(each for each in learner.processes if "offline_kit.serve" in each.cmdline())
    process = server if served == "web" else server.children()[0]
    memory = []
    with ThreadPoolExecutor(CLIENTS) as clients:
        for first, last in itertools.pairwise((0, WARM_UP, REQUESTS)):
            for n, answer in enumerate(
                clients.map(lambda n: send(port, malformed(n, good)), range(first, last)), first
            ):
                assert not answer.startswith(b"HTTP/1.1 500"), (malformed(n, good)[:400], answer)
            memory.append(psutil.Process(process.pid).memory_info().rss)
    assert process.is_running()
    assert memory[1] - memory[0] < 30_000_000
    assert httpx.get(f"{learner.told['stac_url']}/search?limit=1").status_code == 200
    assert learner.bucket() == before
