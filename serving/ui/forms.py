"""What a form sends: read under a cap, as one value for each name, and only from a page of ours."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from anyio import fail_after
from starlette.requests import Request

from serving.problems import ProblemError

MOST_BYTES = 65_536
MOST_FIELDS = 100
SECONDS = 10
FORM = "application/x-www-form-urlencoded"
FROM_HERE = {"same-origin", "none", ""}  # "" from a browser too old to say


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form; ProblemError where it is too large, no form, or sent by a page of somebody else's."""
    if not is_from_here(request):
        raise ProblemError("not_your_form")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise ProblemError("broken_form")
    try:
        with fail_after(SECONDS):
            raw = await _read(request)
        return dict(parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except TimeoutError:
        raise ProblemError("too_slow", slots={"most": SECONDS}) from None
    except ValueError:
        raise ProblemError("broken_form") from None


def is_from_here(request: Request) -> bool:
    """Whether the browser says that one of our own pages sent the request."""
    origin = request.headers.get("origin", "")
    same_host = not origin or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    return same_host and request.headers.get("sec-fetch-site", "") in FROM_HERE


async def _read(request: Request) -> bytes:
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk
        if len(kept) > MOST_BYTES:
            raise ProblemError("body_too_large", slots={"most": MOST_BYTES})
    return bytes(kept)
