"""Pages made from templates, everything in them escaped; those outside `/ui` stand for themselves, without scripts."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

HTML = "text/html"
PAGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page without scripts", "content": {HTML: {"schema": {"type": "string"}}}}
}


@cache
def environment(package: str = "serving") -> Environment:
    """The templates of a package."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
