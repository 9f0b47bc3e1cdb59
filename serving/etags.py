"""What spares a caller an answer it has: a name of what the answer is made from, and whether the caller holds it.

Weak by RFC 9110: the same model, state and question give the same meaning, not the same bytes for ever.
"""

import re
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Header, Response

TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*)"')
REVALIDATE = "private, no-cache"  # may be kept by the caller, and is asked about before each use
IfNoneMatch = Annotated[str, Header(description="The `ETag` of an answer already held; 304 while it is the same.")]
NOT_MODIFIED = 304
SAME: dict[int | str, dict[str, Any]] = {NOT_MODIFIED: {"description": "The answer the caller holds is still the one"}}


def name_of(*parts: object) -> str:
    """What stands for these, 32 hex digits."""
    return sha256(chr(0).join(map(str, parts)).encode()).hexdigest()[:32]


def etag_of(*parts: object) -> str:
    """The ETag of an answer made from these."""
    return f'W/"{name_of(*parts)}"'


def holds(if_none_match: str, etag: str) -> bool:
    """Whether one of the tags a caller names is this one; `*` names whatever there is.

    >>> holds('"a", W/"b"', 'W/"b"'), holds("*", 'W/"b"'), holds('"a"', 'W/"b"')
    (True, True, False)
    """
    wanted = TAG.fullmatch(etag)
    return if_none_match.strip() == "*" or (wanted is not None and wanted[1] in TAG.findall(if_none_match))


def headers_of(etag: str) -> dict[str, str]:
    """The headers of an answer that may be asked about again."""
    return {"ETag": etag, "Cache-Control": REVALIDATE, "Vary": "Accept-Language, Authorization"}


def not_modified(etag: str) -> Response:
    """The answer to a caller who holds it."""
    return Response(status_code=NOT_MODIFIED, headers=headers_of(etag))
