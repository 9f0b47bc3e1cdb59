"""In which encoding a file of text came: UTF-8, or GB18030, in which spreadsheets in China write CSV."""

import codecs
import unicodedata
from pathlib import Path

import pyarrow as pa

UTF_8, GB18030 = "utf-8", "gb18030"
CHUNK_BYTES = 1 << 20
NO_TEXT = ("Co", "Cn", "Cc", "Cs")  # private use, unassigned, control, surrogates: what no station types
LAYOUT = "\t\r\n"


def opened(path: Path) -> "pa.NativeFile":
    """The bytes of a file, unpacked where its name ends in .gz."""
    return pa.input_stream(str(path), compression="gzip" if path.name.lower().endswith(".gz") else None)


def is_gb18030(path: Path) -> bool:
    """Whether all of a file can be read as GB18030, and nothing in it is what no text holds."""
    decoder, seen = codecs.getincrementaldecoder(GB18030)(), set[str]()
    try:
        with opened(path) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                seen.update(decoder.decode(chunk))
        seen.update(decoder.decode(b"", final=True))
    except (UnicodeDecodeError, OSError, pa.ArrowException):
        return False
    return not any(unicodedata.category(each) in NO_TEXT for each in seen - {*LAYOUT})
