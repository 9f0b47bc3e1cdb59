"""For what a person may be read: the closed list of purposes, and which role may name which.

The list is `features.vocabulary.PURPOSES`; `enforcement` is on no list. Research is done without ids: with histories
sent along that name nobody, never with a stored person.
"""

from collections.abc import Mapping

from features.vocabulary import PURPOSES, REFUSED_PURPOSES
from serving.problems import ProblemError
from serving.roles import Caller

TABLE = """
purpose       | station_worker | station_lead | machine | machine with events
support_plan  | yes            | yes          | yes     | yes
review        | yes            | yes          | yes     | yes
transfer      | yes            | yes          | yes     | yes
research      | -              | -            | -       | yes
own_request   | yes            | yes          | yes     | yes
"""


def _table(text: str) -> dict[str, frozenset[str]]:
    """The purposes by role."""
    (_, *roles), *lines = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return {role: frozenset(line[0] for line in lines if line[place] == "yes") for place, role in enumerate(roles, 1)}


MAY_NAME: Mapping[str, frozenset[str]] = _table(TABLE)


def check(caller: Caller, purpose: str, *, with_events: bool) -> None:
    """ProblemError when nobody, or not this role, may read a person for the purpose."""
    if purpose in REFUSED_PURPOSES:
        raise ProblemError("purpose_refused", members={"reason": purpose})
    allowed = MAY_NAME.get(f"{caller.role} with events" if with_events else caller.role, frozenset())
    if purpose not in allowed:
        names = [each for each in PURPOSES if each in allowed]
        raise ProblemError("purpose_of_others", slots={"names": ", ".join(names) or "-"}, members={"names": names})
