"""A Bloom filter in a file: a set of digests in about 14 bits each, with a few false positives.

The file has a header and the bits. A look-up reads at most ten of them, through a memory map.
"""

import mmap
import os
from collections.abc import Callable, Iterable
from math import ceil, log
from pathlib import Path
from struct import Struct

HEADER = Struct(">8sQI")
"""The magic, the number of bits, the number of bits that a digest sets."""
START = HEADER.size
MAGIC = b"bloom/1\n"

# All positions are computed from two numbers of the digest (Kirsch, Mitzenmacher 2006).
_NUMBERS = Struct(">QQ")


class NoFilterError(ValueError):
    """The file is none that ``build`` has made."""


class BloomFilter:
    def __init__(self, content: mmap.mmap, size: int, hashes: int) -> None:
        """
        Args:
            content: of the whole file.
            size: the number of bits.
            hashes: how many of them a digest sets.
        """
        self._content, self._size, self._hashes = content, size, hashes

    def add(self, digest: bytes) -> None:
        content = self._content
        for position in self._positions(digest):
            content[START + (position >> 3)] |= 1 << (position & 7)

    def __contains__(self, digest: bytes) -> bool:
        """
        Args:
            digest: random bytes, at least 16.
        """
        content = self._content
        return all(
            content[START + (position >> 3)] & 1 << (position & 7)
            for position in self._positions(digest)
        )

    def _positions(self, digest: bytes) -> list[int]:
        first, step = _NUMBERS.unpack_from(digest)
        size, step = self._size, step % self._size
        return [(first + number * step) % size for number in range(self._hashes)]


def load(path: Path) -> BloomFilter:
    """
    Raises:
        OSError: the file cannot be read.
        NoFilterError: ``build`` has not made it, or it is truncated.
    """
    with path.open("rb") as file:
        header = file.read(HEADER.size)
        magic, size, hashes = HEADER.unpack(header.ljust(HEADER.size))
        if magic != MAGIC or os.fstat(file.fileno()).st_size != _length(size):
            raise NoFilterError
        return BloomFilter(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), size, hashes)


def is_filter(path: Path) -> bool:
    try:
        load(path)
    except (OSError, NoFilterError):
        return False
    return True


def build(path: Path, digests: Callable[[], Iterable[bytes]], *, error_rate: float) -> int:
    """Replaces the file with a filter of these digests, which are read twice.

    Args:
        error_rate: the share of false positives among other digests.

    Returns:
        how many digests there are.

    Raises:
        NoFilterError: there are none.
    """
    count = sum(1 for _ in digests())
    if not count:
        raise NoFilterError
    size = ceil(count * -log(error_rate) / log(2) ** 2)
    hashes = max(1, round(size / count * log(2)))
    # Processes that have the former file open keep it.
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("w+b") as file:
        file.write(HEADER.pack(MAGIC, size, hashes))
        file.truncate(_length(size))
        with mmap.mmap(file.fileno(), _length(size)) as content:
            filling = BloomFilter(content, size, hashes)
            for digest in digests():
                filling.add(digest)
            content.flush()
    unfinished.replace(path)
    return count


def _length(size: int) -> int:
    """Of the file, in bytes."""
    return HEADER.size + (size + 7) // 8
