"""The lease office alone: who is greeted has a server that goes on."""

import asyncio
import socket

import pytest

from offline_kit.serve import lease
from offline_kit.serve.lease import Lease, LeaseOffice


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


@pytest.mark.parametrize("turns", range(6))
def test_one_that_connects_just_before_the_end_is_a_holder_or_turned_away(turns):
    async def connect_and_close():
        office = LeaseOffice("token", None)
        port = await office.open()
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
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
    assert greeting == (b"token\n" if held else b"")
