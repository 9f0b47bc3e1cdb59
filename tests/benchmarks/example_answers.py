"""The answers that `/docs` shows beside its questions, taken anew from the demo's city: `make example-answers`.

Each question of the documents is asked at a real service by a role that may ask it. Of each list the first two are
kept; the person, station and note asked about are called as the questions call them.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from features.home import Home
from serving.access import granted
from serving.docs_page import ANSWERS
from serving.examples import NOTE, PERSON, STATION, of_parameters, of_schemas
from serving.grants import Asked
from serving.roles import MATRIX, OF_A_STATION, REFUSED
from tests.serving_helpers import ask, bearer, serving

ROOT = Path(__file__).parents[2]
KEPT = 2  # of each list
TOO_LONG = {"GET /v1/models/{name}/card"}  # fifty kilobytes; whoever may read it asks for it
ROLES = ("station_lead", "planner", "data_scientist", "auditor", "administrator")
DEMO_STATION = "S01"
Told = dict[str, Any]


def main() -> None:
    """Ask every question and write the answers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--home", type=Path, default=ROOT / ".waystation" / "demo", help="A home that `make demo` made."
    )
    home = Home(options.parse_args().home)
    if not (home.path / "store.db").exists():
        sys.exit("There is no demo yet: run `make demo` first, or name its home with --home.")
    with tempfile.TemporaryDirectory() as aside, serving(home, Path(aside) / "service.log") as url:
        told = dict(sorted(answers(url, home)))
    ANSWERS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(told)} answers: {ANSWERS.name}, {ANSWERS.stat().st_size:,} bytes")


def answers(url: str, home: Home) -> Iterator[tuple[str, Any]]:
    """Operation and answer, for each that answers in JSON or as a table."""
    keys = {role: bearer(_key(home, role)) for role in ROLES}
    year = max(folder.name.removeprefix("city-") for folder in home.path.glob("city-*"))
    day = date(int(year), 12, 31)
    query = urlencode({"as_of": day.isoformat(), "purpose": "support_plan"})
    person = ask(f"{url}/v1/worklist?{query}", headers=keys["station_lead"]).json["cases"][0]["person_id"]
    called = {person: PERSON, DEMO_STATION: STATION}
    for path, methods in ask(f"{url}/openapi.json").json["paths"].items():
        for method, operation in methods.items():
            act = f"{method.upper()} {path}"
            kind = next(iter(operation["responses"].get("200", operation["responses"].get("201"))["content"]))
            if act in TOO_LONG or not kind.endswith(("json", "csv")):
                continue
            role = next(role for role in ROLES if MATRIX.get(act, {}).get(role) != REFUSED)
            asked = _question(operation, path, day, {after: before for before, after in called.items()})
            headers = {**keys[role], "Accept-Language": "en", "Idempotency-Key": uuid4().hex}
            answer = ask(url + asked[0], asked[1], headers=headers)
            if answer.status >= 300:
                sys.exit(f"{act} answered {answer.status}: {answer.body.decode()}")
            told = answer.body.decode("utf-8-sig")
            note = json.loads(told).get("note_id") if kind.endswith("json") else None
            called |= {note: NOTE} if note else {}
            for before, after in called.items():
                told = told.replace(before, after)
            yield (
                act,
                _shortened(json.loads(told)) if kind.endswith("json") else "\n".join(told.splitlines()[: KEPT + 1]),
            )


def _question(operation: Told, path: str, day: date, called: dict[str, str]) -> tuple[str, Told | None]:
    """The address and the body of the example, about what there is in the demo's city."""
    values = of_parameters(day)
    given = {each["name"]: values[each["name"]] for each in operation.get("parameters", []) if "example" in each}
    inside = {name: quote(str(given.pop(name))) for name in list(given) if f"{{{name}}}" in path}
    query = urlencode({name: value for name, value in given.items() if name != "Idempotency-Key"})
    text = path.format_map(inside) + (f"?{query}" if query else "")
    body = None
    if "requestBody" in operation:
        (content,) = operation["requestBody"]["content"].values()
        sent = of_schemas(datetime.now(UTC).date())[content["schema"]["$ref"].rpartition("/")[2]][0]
        body = json.dumps({**sent, **({"as_of": day.isoformat()} if "as_of" in sent else {})})
    for word, there in called.items():
        text, body = text.replace(word, there), body and body.replace(word, there)
    return text, body and json.loads(body)


def _shortened(plain: Any) -> Any:
    """The same with the first two of each list; outlines keep their corners."""
    if isinstance(plain, dict):
        return {key: value if key == "coordinates" else _shortened(value) for key, value in plain.items()}
    return [_shortened(each) for each in plain[:KEPT]] if isinstance(plain, list) else plain


def _key(home: Home, role: str) -> str:
    now = datetime.now(UTC)
    station = DEMO_STATION if role in OF_A_STATION else None
    return granted(home, Asked(role, station, "examples", (now + timedelta(days=1)).date()), now=now)[0]


if __name__ == "__main__":
    main()
