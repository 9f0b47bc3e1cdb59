"""Who may do what: the one table of roles and routes. A route that has no line here does not start.

`own`: about the persons of the caller's station, no others. `all`: about all persons; those of one station where the
key names one. `yes`: the route is about no person. `-`: refused. What a role may not see answers as what is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

TABLE = """
route                           | station_worker | station_lead | planner | data_scientist | auditor | administrator | machine
POST /v1/scores                 | own            | own          | -       | -              | -       | -             | all
POST /v1/scores with events     | -              | -            | -       | -              | -       | -             | yes
POST /v1/scores:batch           | own            | own          | -       | -              | -       | -             | all
POST /v1/scores:history         | own            | own          | -       | -              | -       | -             | all
POST /v1/scores:changes         | own            | own          | -       | -              | -       | -             | all
POST /v1/reports                | own            | own          | -       | -              | -       | -             | all
POST /v1/feedback               | own            | own          | -       | -              | -       | -             | all
POST /v1/feedback:read          | own            | own          | -       | -              | -       | -             | all
POST /v1/feedback:review        | -              | own          | -       | -              | -       | -             | -
POST /v1/corrections            | own            | own          | -       | -              | -       | -             | all
POST /v1/corrections:state      | -              | own          | -       | -              | -       | -             | all
GET /v1/corrections             | -              | own          | -       | -              | -       | -             | all
GET /v1/worklist                | own            | own          | -       | -              | -       | -             | all
GET /v1/hotspots                | yes            | yes          | yes     | yes            | -       | yes           | yes
GET /v1/observed                | yes            | yes          | yes     | yes            | -       | yes           | yes
GET /v1/hotspots.csv            | yes            | yes          | yes     | yes            | -       | yes           | yes
GET /v1/warnings                | -              | yes          | yes     | yes            | -       | yes           | yes
GET /v1/indicators              | -              | yes          | yes     | yes            | -       | yes           | -
GET /v1/bulletin                | -              | yes          | -       | -              | -       | yes           | -
GET /v1/models                  | -              | -            | -       | yes            | yes     | yes           | -
GET /v1/models/{name}/card      | -              | -            | -       | yes            | yes     | yes           | -
GET /v1/models/{name}/card.html | -              | -            | -       | yes            | yes     | yes           | -
GET /v1/audit                   | -              | -            | -       | -              | yes     | -             | -
GET /v1/metrics                 | -              | -            | -       | -              | -       | yes           | -
"""  # noqa: E501
OPEN = frozenset({"/", "/docs", "/openapi.json", "/healthz", "/readyz"})  # nothing of a person, an area or a reader
QUIET = frozenset({"GET /v1/metrics"})  # asked every few seconds, about nobody; only refusals are recorded
REFUSED, OWN, ALL, YES = "-", "own", "all", "yes"
WITH_EVENTS = "POST /v1/scores with events"  # a history sent along in the body of the same route


def _table(text: str) -> dict[str, dict[str, str]]:
    """The cells by route and role."""
    (_, *roles), *lines = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return {route: dict(zip(roles, cells, strict=True)) for route, *cells in lines}


MATRIX: Mapping[str, Mapping[str, str]] = _table(TABLE)
ROLES = tuple(MATRIX[WITH_EVENTS])
OF_A_STATION = ("station_worker", "station_lead")  # their keys name a station; a machine's may, no other does
MAY_NAME_A_STATION = (*OF_A_STATION, "machine")
NO_STATION = "\x00none"  # spelled like no station


@dataclass(frozen=True)
class Caller:
    """Who asks: the id of a key or the subject of a token, the role, and the station the role is held at.

    `name` is for the reader's own eyes: it is no part of who the caller is, and stands in no log, record or figure.
    """

    actor: str
    role: str
    station: str | None = None
    name: str | None = field(default=None, compare=False, repr=False)


def may(caller: Caller, act: str) -> bool:
    """Whether the caller's role may do this at all."""
    return MATRIX[act][caller.role] != REFUSED


def station_of(caller: Caller, act: str) -> str | None:
    """The station whose persons alone the caller may ask about; None where that is all persons."""
    if MATRIX[act][caller.role] == OWN:
        return caller.station or NO_STATION
    return caller.station
