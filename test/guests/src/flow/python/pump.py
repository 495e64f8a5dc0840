"""Bytes from a source to a sink: see `pump-world` in flow.wit."""

import asyncio
from array import array

import wit_world
from wit_world.imports import sink, source

MULTIPLIER = 2_654_435_761
MASK = 0xFFFF_FFFF


def words(first: int, count: int) -> bytes:
    return array("I", ((index * MULTIPLIER) & MASK for index in range(first, first + count))).tobytes()


def mixed(total: int, data: bytes) -> int:
    for word in array("I", data):
        total = ((total << 5) & MASK | total >> 27) ^ word
    return total


def answer(size: int, total: int) -> str:
    return f"{size} bytes, sum {total:08x}"


async def write(writer, size: int, piece: int) -> None:
    with writer:
        for begin in range(0, size, piece):
            end = min(size, begin + piece)
            data = words(begin // 4, -(-end // 4) - begin // 4)
            skip = begin % 4
            data = data[skip : skip + end - begin]
            if await writer.write_all(data) < len(data):
                return


class WitWorld(wit_world.WitWorld):
    async def receive(self, size: int, piece: int) -> str:
        count = total = 0
        rest = b""
        with await source.bytes(size, piece) as reader:
            while not reader.writer_dropped:
                read = await reader.read(65_536)
                count += len(read)
                rest += read
                whole = len(rest) // 4 * 4
                total = mixed(total, rest[:whole])
                rest = rest[whole:]
        if rest:
            total = mixed(total, rest.ljust(4, b"\0"))
        return answer(count, total)

    async def send(self, size: int, piece: int) -> str:
        writer, reader = wit_world.byte_stream()
        digest, _ = await asyncio.gather(sink.digest_of(reader), write(writer, size, piece))
        return answer(digest.size, digest.sum)

    async def join(self, size: int, piece: int) -> str:
        digest = await sink.digest_of(await source.bytes(size, piece))
        return answer(digest.size, digest.sum)
