"""The list of operations as a page: of each what it is for, what it takes, a question to copy, what it answers.

Beside the questions stand answers, and what each refusal looks like. The answers are true ones, taken from the demo's
invented city (`make example-answers`); the OpenAPI document carries them, too.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from features.languages import LANGUAGES
from serving.answers import refusal
from serving.door import problem_told
from serving.html import environment
from serving.problems import STATUS, ProblemError, fault_of
from serving.wording import wording

ADDRESS, KEY = "$WAYSTATION", "$KEY"  # variables of a shell; a page that names no address loads none
ANSWERS = Path(__file__).with_name("example_answers.json")
EXAMPLE_LANGUAGE = "en"
SLOT = re.compile(r"\{\w+\}")
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation as the page shows it; `example` is a command for a shell, `answer` what came back."""

    method: str
    path: str
    told: Told
    anchor: str
    example: str
    answer: str


@dataclass(frozen=True)
class Refusals:
    """The refusals of one status: what it means, by code the texts (language, title, detail), and one as it leaves."""

    meaning: str
    codes: dict[str, list[tuple[str, str, str]]]
    example: str


def operations(document: Told, meanings: Mapping[int, str]) -> str:
    """The page's content, made of the OpenAPI document and of the refusals there are."""
    shown = [
        Operation(
            method.upper(), path, told, told["operationId"], _example(document, method, path, told), _answer(told)
        )
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]
    template = environment().get_template("operations.html")
    return template.render(info=document["info"], operations=shown, refused=_refusals(meanings))


@cache
def answers() -> dict[str, Any]:
    """The answers by operation, for example of `POST /v1/scores`."""
    return dict(json.loads(ANSWERS.read_text(encoding="utf-8")))


def show_answers(document: Told) -> None:
    """Put the answers into the OpenAPI document, each beside the schema it follows."""
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            answer = answers().get(f"{method.upper()} {path}")
            if answer is not None:
                content = told["responses"].get("200", told["responses"].get("201"))["content"]
                next(iter(content.values()))["example"] = answer


def _answer(told: Told) -> str:
    """The answer that the document shows of an operation; empty where it shows none."""
    contents = [each.get("content", {}) for status, each in told["responses"].items() if status in {"200", "201"}]
    shown = [media["example"] for content in contents for media in content.values() if "example" in media]
    return "\n".join(each if isinstance(each, str) else _json(each) for each in shown)


def _json(plain: object) -> str:
    return json.dumps(plain, ensure_ascii=False, indent=1)


def _refusals(meanings: Mapping[int, str]) -> dict[str, Refusals]:
    """What is refused, by status."""
    codes: dict[int, list[str]] = {status: [] for status in meanings}
    for code, status in STATUS.items():
        codes[status].append(code)
    for example in _examples():
        codes[example.status] = list(dict.fromkeys((*codes[example.status], example.code)))
    bodies = {each.status: problem_told(each, EXAMPLE_LANGUAGE, request_id="0" * 32) for each in _examples()}
    return {
        str(status): Refusals(
            meanings[status],
            {code: [(language, *_texts(code, language)) for language in LANGUAGES] for code in listed},
            _json(bodies[status]) if status in bodies else "",
        )
        for status, listed in codes.items()
    }


def _texts(code: str, language: str) -> tuple[str, str]:
    """Title and detail of a refusal; what is filled in when it leaves is left open."""
    entry = wording(language).texts["problems"][code]
    return entry["title"], SLOT.sub("…", entry["detail"])


def _examples() -> Iterator[ProblemError]:
    """One refusal of those statuses that tell more than their title."""
    texts = wording(EXAMPLE_LANGUAGE)
    yield from (ProblemError(code) for code in ("broken_json", "no_key", "purpose_refused", "unknown_person"))
    yield refusal("insufficient_history", texts)
    yield fault_of("as_of", "not_a_date", "YYYY-MM-DD")
    yield ProblemError("too_many")
    yield refusal("sealed", texts)
    yield ProblemError("store_unavailable")


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
