"""What is the same for all persons of a city: its ground, calendar, stations and supply, drawn once from the seed."""

from dataclasses import dataclass

import numpy as np

from features.arrays import Flags, Floats
from training.city.figures import Figures
from training.city.places import Places, lay_out
from training.city.presets import Plan
from training.city.stations import Stations, staff
from training.city.supply import Supply, supply
from training.city.weeks import Weeks, festival_weeks, weeks, yearly_wave

CITY, PERSONS = 0, 1  # branches of the tree of random streams that grows from the seed of a plan


@dataclass(frozen=True)
class Ground:
    """A city without its persons. By week: `season` (-1 to 1) and whether it is `festival`.

    `watch` says by township how many times the ordinary tests are held there; 1 everywhere without bias.
    """

    plan: Plan
    figures: Figures
    weeks: Weeks
    places: Places
    stations: Stations
    supply: Supply
    season: Floats
    festival: Flags
    watch: Floats


def chance(plan: Plan, *branch: int) -> np.random.Generator:
    """The random stream of a branch; it hangs on the seed and the branch alone."""
    return np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=branch))


def survey(plan: Plan) -> Ground:
    """The ground of the city a plan asks for."""
    figures = plan.figures
    calendar = weeks(plan.years, plan.until, figures.calendar.lead_weeks)
    season = yearly_wave(calendar, figures.calendar.crest_day)
    places = lay_out(figures.places, chance(plan, CITY, 0))
    return Ground(
        plan=plan,
        figures=figures,
        weeks=calendar,
        places=places,
        stations=staff(figures.places, figures.stations, calendar.opening, chance(plan, CITY, 1)),
        supply=supply(places, season, figures.supply, chance(plan, CITY, 2)),
        season=season,
        festival=festival_weeks(calendar, figures.calendar),
        watch=_watch(places, plan, figures),
    )


def _watch(places: Places, plan: Plan, figures: Figures) -> Floats:
    """With the testing bias the first districts are watched more closely, or townships where there is one district."""
    part = places.district if figures.places.districts > 1 else np.arange(len(places))
    watched = part < np.ceil(figures.bias.watched_share * (part.max() + 1))
    return np.where(watched & (plan.bias == "testing"), figures.bias.watched_districts, 1.0)
