"""The list of operations as a page: of each what it is for, what it takes, a question to copy, what it may answer."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from serving.html import environment

ADDRESS, KEY = "$WAYSTATION", "$KEY"  # variables of a shell; a page that names no address loads none
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation as the page shows it; `example` is a command for a shell."""

    method: str
    path: str
    told: Told
    example: str


def operations(document: Told) -> str:
    """The page's content, made of the OpenAPI document alone."""
    shown = [
        Operation(method.upper(), path, told, _example(document, method, path, told))
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]
    return environment().get_template("operations.html").render(info=document["info"], operations=shown)


def _example(document: Told, method: str, path: str, told: Told) -> str:
    """The question as `curl` asks it."""
    needed = [each for each in told.get("parameters", []) if "example" in each]
    values = {each["name"]: each["example"] for each in needed if each["in"] == "path"}
    query = urlencode({each["name"]: each["example"] for each in needed if each["in"] == "query"})
    filled = path.format_map({name: quote(str(value)) for name, value in values.items()})
    address = ADDRESS + filled + (f"?{query}" if query else "")
    headers = [f"Authorization: Bearer {KEY}"] if told["security"] else []
    headers += [f"{each['name']}: {each['example']}" for each in needed if each["in"] == "header"]
    body = _body(document, told)
    headers += ["Content-Type: application/json"] if body else []
    return " \\\n  ".join(_words(method, address, headers, body))


def _words(method: str, address: str, headers: list[str], body: str) -> Iterator[str]:
    yield f'curl -X {method.upper()} "{address}"'
    yield from (f'-H "{header}"' for header in headers)
    if body:
        yield f"-d {shlex.quote(body)}"


def _body(document: Told, told: Told) -> str:
    """The first example of the message an operation takes; empty where it takes none."""
    if "requestBody" not in told:
        return ""
    (content,) = told["requestBody"]["content"].values()
    name = content["schema"]["$ref"].rpartition("/")[2]
    return json.dumps(document["components"]["schemas"][name]["examples"][0], ensure_ascii=False)
