"""One more feature, as a configuration asks for it: any function of the catalogue by its name, with its arguments.

`more = [{ code = "days_remaining" }, { code = "missed_tests", days = 60 }]`. What is left out means any substance, any
outcome, all time; every other argument has to be given, and none that the function does not take.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import get_type_hints

from features.catalogue import CATALOGUE, Argument, Feature, make
from features.errors import ConfigError
from features.statutes import SCHEDULES
from features.vocabulary import PROGRAMMES, SUBSTANCES

ANY = ""
LEFT_OUT: dict[str, Argument] = {"substance": ANY, "outcome": ANY, "days": None}
CODES = {"substance": (ANY, *SUBSTANCES), "programme": PROGRAMMES, "schedule": tuple(SCHEDULES)}
LEAST = {"days": 1, "length_days": 1, "of": 1, "last": 1, "back": 0}


@dataclass(frozen=True)
class Asked:
    """A function of the catalogue (`code`) and those of its arguments that are given."""

    code: str
    days: int | None = None
    substance: str | None = None
    kind: str | None = None
    outcome: str | None = None
    schedule: str | None = None
    programme: str | None = None
    back: int | None = None
    length_days: int | None = None
    of: int | None = None
    last: int | None = None
    column: str | None = None
    value: str | None = None

    def feature(self) -> Feature:
        """The feature asked for; ConfigError names every argument that is wrong."""
        arguments = {name: value for name, value in asdict(self).items() if name != "code" and value is not None}
        mistakes = "; ".join(self._mistakes(arguments))
        if mistakes:
            raise ConfigError(f"features: more: '{self.code}': {mistakes}.")
        taken = CATALOGUE[self.code].parameters if self.code in CATALOGUE else ()
        left_out = {name: value for name, value in LEFT_OUT.items() if name in taken}
        return make(self.code, **{**left_out, **arguments})

    def _mistakes(self, arguments: dict[str, Argument]) -> Iterator[str]:
        for name, value in arguments.items():
            if name in CODES and value not in CODES[name]:
                yield f"{name} is one of {', '.join(code for code in CODES[name] if code)}"
            if isinstance(value, int) and value < LEAST[name]:
                yield f"{name} is {LEAST[name]} or more"
        if self.code in CATALOGUE and "days" not in arguments and self._needs_days():
            yield "it needs a lookback, the key days"

    def _needs_days(self) -> bool:
        return get_type_hints(CATALOGUE[self.code].function).get("days") is int
