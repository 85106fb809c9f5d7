"""The lease office alone: who is greeted has a server that goes on."""

import asyncio
import contextlib
import socket
import threading

import pytest

from offline_kit.serve import lease
from offline_kit.serve.lease import Lease, LeaseOffice, proof_of


async def until_unneeded(before=None):
    """Open an office; return its port once it says that it is unneeded."""
    unneeded = asyncio.Event()
    office = LeaseOffice("token", unneeded.set)
    port = await office.open()
    if before is not None:
        await before(port)
    await asyncio.wait_for(unneeded.wait(), 30)
    return port


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(lease, "FIRST_LEASE_SECONDS", 0.1)
    monkeypatch.setattr(lease, "GRACE_SECONDS", 0.1)


def test_once_unneeded_no_lease_is_given():
    async def ask_too_late():
        port = await until_unneeded()
        await asyncio.to_thread(Lease, port, "token")

    with pytest.raises(ConnectionError):
        asyncio.run(ask_too_late())


def test_a_holder_keeps_the_office_open_until_it_goes():
    async def hold_and_go(port):
        held = await asyncio.to_thread(Lease, port, "token")
        await asyncio.sleep(0.5)
        assert held.is_alive()
        held.close()

    async def hold():
        await until_unneeded(hold_and_go)

    asyncio.run(hold())


@pytest.mark.parametrize("turns", range(12))
def test_one_that_connects_just_before_the_end_is_a_holder_or_turned_away(turns):
    async def connect_and_close():
        office = LeaseOffice("token", None)
        port = await office.open()
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            challenge = await asyncio.to_thread(client.recv, 100)
            client.sendall(answer_to(challenge))
            for _ in range(turns):  # of the loop, which takes a connection in step by step
                await asyncio.sleep(0)
            held = len(office.holders)
            office.close()
            await asyncio.sleep(0.1)
            assert not office.holders
            try:
                return held, client.recv(100)
            except OSError:
                return held, b""

    held, greeting = asyncio.run(connect_and_close())
    assert len(greeting) == (65 if held else 0)


def answer_to(challenge, token="token"):
    proof = proof_of(token, "client", f"{challenge.decode().strip()} mine")
    return f"mine {proof}\n".encode()


@pytest.mark.parametrize(
    "answer",
    [
        lambda challenge: answer_to(challenge, token="a guess"),
        lambda challenge: b"mine " + b"0" * 64 + b"\n",
        lambda challenge: b"token\n",
        lambda challenge: b"\n",
        lambda challenge: b"\xff\xfe \xff\n",
        lambda challenge: challenge,
        lambda challenge: b"x" * 10_000,
        lambda challenge: answer_to(b"f" * 64),  # to another challenge, overheard
    ],
)
def test_who_does_not_know_the_token_holds_no_lease(answer):
    async def ask():
        office = LeaseOffice("token", None)
        port = await office.open()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            challenge = await asyncio.to_thread(client.recv, 100)
            client.sendall(answer(challenge))
            said = b""
            with contextlib.suppress(ConnectionError):
                said = await asyncio.to_thread(client.recv, 100)
            assert not office.holders
        office.close()
        return said

    assert asyncio.run(ask()) == b""


def test_a_stranger_who_says_nothing_is_shown_out(monkeypatch):
    monkeypatch.setattr(lease, "GREETING_SECONDS", 0.1)

    async def wait():
        office = LeaseOffice("token", None)
        port = await office.open()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            await asyncio.to_thread(client.recv, 100)
            with contextlib.suppress(ConnectionError):
                assert await asyncio.to_thread(client.recv, 100) == b""
        office.close()

    asyncio.run(wait())


@pytest.mark.parametrize("says", [b"0" * 64 + b"\n" + b"0" * 64 + b"\n", b"x" * 10_000, b"token\n"])
def test_a_server_that_does_not_know_the_token_is_not_believed(says):
    """Another program on the port of a server long gone."""

    def pose(listener):
        with listener.accept()[0] as victim, contextlib.suppress(OSError):
            victim.sendall(says)
            victim.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        impostor = threading.Thread(target=pose, args=[listener])
        impostor.start()
        with pytest.raises(ConnectionError, match="somebody else"):
            Lease(listener.getsockname()[1], "token")
        impostor.join()
