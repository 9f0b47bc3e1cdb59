"""How one entry of the record holds on to the one before it, and the head of the chain, kept outside the database.

Each entry carries a link: HMAC-SHA256 over the link before it, its number and its content, under a key that lies
beside the database. Without the key no entry can be changed, put in, taken out or moved so that the links still hold.
What the links cannot show is that the last entries are gone, so number and link of the newest one, the head, are
written to a small file of its own after each commit, and no entry is written that would not go on from it: else a few
more entries would cover up those that are gone. Copies of it sent elsewhere go on proving what there was.
"""

import fcntl
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

GENESIS = "0" * 64
OF_THE_CHAIN = b"\x00chain"  # no person's id can be spelled like it, so no hash of a person is this key
SEQ_DIGITS = 20
HEAD_BYTES = SEQ_DIGITS + 1 + len(GENESIS) + 1

Content = Mapping[str, str | int | float | None]


@dataclass(frozen=True)
class Head:
    """The newest entry of the record: its number from 1, and its link; number 0 while there is none."""

    seq: int = 0
    link: str = GENESIS


def chain_key(key: bytes) -> bytes:
    """The key of the links, made from the key of the record."""
    return hmac.digest(key, OF_THE_CHAIN, "sha256")


def next_head(key: bytes, head: Head, content: Content) -> Head:
    """The head after an entry is appended. Absent values leave no trace, so columns added later change no old link."""
    told = {name: value for name, value in content.items() if value is not None}
    text = json.dumps([head.link, head.seq + 1, told], sort_keys=True, separators=(",", ":"))
    return Head(head.seq + 1, hmac.digest(key, text.encode(), "sha256").hex())


def write_head(path: Path, head: Head) -> None:
    """Put the head on disk, unless another process has written a newer one meanwhile."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        written = _head_at(handle)
        if written is None or written.seq < head.seq:
            os.pwrite(handle, f"{head.seq:0{SEQ_DIGITS}} {head.link}\n".encode(), 0)
        if written is None:
            os.fsync(handle)  # one that is a little old is made up for, one that is gone is not
    finally:
        os.close(handle)


def read_head(path: Path) -> Head | None:
    """The head that `write_head` put in a file; None where there is no file, or no head in it."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        return _head_at(handle)
    finally:
        os.close(handle)


def _head_at(handle: int) -> Head | None:
    found = _heads(os.pread(handle, HEAD_BYTES, 0).decode("ascii", errors="replace"))
    return found[0] if found else None


def read_heads(path: Path) -> list[Head]:
    """The heads in a file: the service's own holds one, a collection of shipped ones as many as it has lines."""
    return _heads(path.read_text(encoding="ascii", errors="replace"))


def _heads(text: str) -> list[Head]:
    """The lines that are heads; others, such as comments of who collected them, are passed over."""
    parts = [line.split() for line in text.splitlines()]
    return [
        Head(int(part[0]), part[1])
        for part in parts
        if len(part) == 2 and part[0].isascii() and part[0].isdigit() and len(part[1]) == len(GENESIS)
    ]
