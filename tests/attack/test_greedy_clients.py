"""A program that asks too much, or nothing at all."""

import contextlib
import json
import math
import socket
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import psutil


def ring(vertices):
    turn = [i * 2 * math.pi / vertices for i in range(vertices)]
    ring = [[19.2 + 0.1 * math.cos(a), -33.8 + 0.1 * math.sin(a)] for a in turn]
    return [*ring, ring[0]]


def search(learner, content, headers=()):
    request = urllib.request.Request(
        f"{learner.told['stac_url']}/search",
        content,
        {"Content-Type": "application/json", **dict(headers)},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def outlines(vertices, polygons=1):
    shape = {"type": "MultiPolygon", "coordinates": [[ring(vertices)]] * polygons}
    return json.dumps({"intersects": shape}).encode()


def test_an_outline_of_a_million_vertices_is_refused_in_words(learner):
    status, answer = search(learner, outlines(1_000_000))
    assert status == 413
    assert "larger than 1,000,000 bytes; simplify the geometry" in answer["description"]


def test_a_body_without_a_length_is_refused_when_it_has_grown_too_large(learner):
    address = urlsplit(learner.told["stac_url"])
    with socket.create_connection((address.hostname, address.port), timeout=30) as client:
        head = f"POST {address.path}/search HTTP/1.1\r\nHost: {address.netloc}\r\n"
        head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head.encode())
        piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(20):
            client.sendall(piece)
        client.sendall(b"0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_a_large_search_keeps_nobody_waiting(learner):
    """Ten outlines as large as is allowed, and small questions meanwhile."""
    large = outlines(23_000)
    assert 900_000 < len(large) <= 1_000_000
    answers = []
    bombs = [
        threading.Thread(target=lambda: answers.append(search(learner, large)[0]))
        for _ in range(10)
    ]
    for bomb in bombs:
        bomb.start()
    small = 0
    while any(bomb.is_alive() for bomb in bombs):
        assert search(learner, b'{"limit": 1}')[0] == 200
        small += 1
    assert answers == [200] * 10
    assert small >= 2


def test_many_searches_leave_no_memory_behind(learner):
    many = outlines(4, polygons=4_000)
    assert len(many) <= 1_000_000
    server = next(each for each in learner.processes if "offline_kit.serve" in each.cmdline())
    for _ in range(3):
        search(learner, many)
    before = psutil.Process(server.pid).memory_info().rss
    for _ in range(10):
        assert search(learner, many)[0] in (200, 400)
    assert psutil.Process(server.pid).memory_info().rss - before < 30_000_000


def test_connections_that_say_nothing_more_are_closed(learner):
    start = time.monotonic()
    with contextlib.ExitStack() as opened:
        clients = []
        for says in (b"", b"GET /", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"):
            client = socket.create_connection(("127.0.0.1", learner.http_port), timeout=60)
            clients.append(opened.enter_context(client))
            client.sendall(says)
        for client in clients:
            assert client.recv(1000) == b""
    assert time.monotonic() - start < 55


def test_slow_clients_keep_nobody_waiting(learner):
    """A hundred that stop in the middle of a request, and fifty that do not read the answer."""
    address = urlsplit(learner.told["stac_url"])
    root = address.path.removesuffix("/v1")
    status, answer = search(learner, b'{"limit": 1}')
    assert status == 200
    scene = urlsplit(answer["features"][0]["assets"]["visual"]["href"]).path
    unfinished = [
        f"GET {root}/v1/sea",
        f"GET {root}/v1 HTTP/1.1\r\nHost: {address.netloc}\r\nX-Slow: ",
        f"POST {root}/v1/search HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 99\r\n\r\n"
        + "{",
    ]
    unread = f"GET {scene} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n" * 5
    with contextlib.ExitStack() as opened:
        for number in range(150):
            slow = socket.create_connection(("127.0.0.1", learner.http_port), timeout=30)
            opened.enter_context(slow)
            slow.sendall((unfinished[number % 3] if number < 100 else unread).encode())
        for _ in range(20):
            assert search(learner, b'{"limit": 1}')[0] == 200
        assert learner.bucket() == {"course/kept": "mine"}
