"""Tables as files: CSV with the mark by which spreadsheets know UTF-8, and nothing in it that they would run."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from features.spreadsheets import calm


def csv_response(header: Sequence[str], rows: Iterable[Sequence[object]], *, name: str) -> Response:
    """The rows as a file to keep."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([[calm(cell) for cell in row] for row in rows])
    return file_response(text.getvalue().encode("utf-8-sig"), "text/csv", name=name)


def file_response(content: bytes, media_type: str, *, name: str) -> Response:
    """Content to keep under a name of ours."""
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
