"""What the address of the map asks for, so that a copied address shows the same map to whoever may see it."""

from dataclasses import dataclass
from datetime import date, timedelta

from serving.hotspots import known_by
from serving.problems import fault_of
from serving.ui import days
from serving.ui.view import View

LEVELS = ("district", "township", "cell")
COLOURS = ("share", "band", "testing")
WEEK = timedelta(days=7)
N_STEPS = 13  # of the slider: a quarter of a year of weekly forecasts
MOST_WEEKS = 52


@dataclass(frozen=True)
class MapQuery:
    """Which map: as-of date, horizon, level, what the colours say, and the area that was chosen on it, if any.

    `latest` is the last day anything became known, `today` the day on which it is looked at.
    """

    as_of: date
    latest: date
    today: date
    weeks: int
    level: str
    colour: str
    area: str = ""

    @property
    def model_level(self) -> str:
        """The level of the model that forecasts; a district is the sum of its townships."""
        return "township" if self.level == "district" else self.level

    @property
    def known_by(self) -> date:
        """The Sunday by which all of the forecast was known, the day before its first."""
        return known_by(self.as_of)

    @property
    def first(self) -> date:
        """The first day of the forecast."""
        return self.known_by + timedelta(days=1)

    @property
    def until(self) -> date:
        """The last day of the forecast."""
        return self.known_by + self.weeks * WEEK

    @property
    def is_over(self) -> bool:
        """Whether the weeks it forecast have passed by the last known day."""
        return self.until <= self.latest

    @property
    def stage(self) -> str:
        """`past` by the last known day, `unrecorded` by today alone, for records do not reach its end, or `coming`."""
        if self.is_over:
            return "past"
        return "unrecorded" if self.until < self.today else "coming"

    @property
    def steps(self) -> tuple[date, ...]:
        """The as-of dates of the slider, oldest first."""
        last = max(self.latest, self.as_of)
        return tuple(last - back * WEEK for back in reversed(range(N_STEPS)))


def map_query(view: View) -> MapQuery:
    """The map an address asks for; ProblemError names the field that no map can be made of."""
    given = view.request.query_params
    latest = days.last_known_day(view, "incidents")
    return MapQuery(
        as_of=days.as_of(view, latest=latest),
        latest=latest,
        today=view.desk.settings.today,
        weeks=_weeks(given.get("weeks") or "4"),
        level=_one_of("level", given.get("level") or "township", LEVELS),
        colour=_one_of("colour", given.get("colour") or "share", COLOURS),
        area=given.get("area") or "",
    )


def _weeks(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST_WEEKS):
        raise fault_of("weeks", "too_large", str(MOST_WEEKS))
    return int(text)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise fault_of(name, "one_of", ", ".join(allowed))
    return value
