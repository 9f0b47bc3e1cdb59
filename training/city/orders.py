"""Into a programme and into isolation: order, report, admission, release, and who is found using outside of any."""

import numpy as np

from features.arrays import Flags, Ints
from features.statutes import CLOCKS
from features.vocabulary import PROGRAMMES
from training.city.people import COMMUNITY_REHABILITATION, COMMUNITY_TREATMENT, METHADONE
from training.city.state import ACTIVE, AWAITED, GONE, ISOLATED, NEVER, ORDERED, State
from training.city.world import Ledger, World

ISOLATION, REVIEW = CLOCKS["isolation"].limit, CLOCKS["isolation_review"].limit


def due(state: State, phase: int, world: World, week: int) -> Flags:
    """Who is in a phase that ends by itself this week."""
    return (state.phase == phase) & (state.due_day < world.monday(week + 1))


def enter(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Who comes this week is ordered a programme, or comes to the methadone clinic by their own will."""
    who = np.flatnonzero(due(state, AWAITED, world, week))
    by_will = state.programme[who] == METHADONE
    _begin(state, ledger, world, who[by_will], state.due_day[who[by_will]])
    ordered = who[~by_will]
    released = ordered[state.programme[ordered] == COMMUNITY_REHABILITATION]
    _meet(state, ledger, world, released, state.due_day[released])
    _order(state, ledger, world, ordered, state.due_day[ordered])


def _order(state: State, ledger: Ledger, world: World, who: Ints, day: Ints) -> None:
    """An order, to be followed within the days of the statute; who refuses is sent to isolation after them."""
    _each_programme("order", state, ledger, who, day)
    within, figures = CLOCKS["report_after_order"].limit, world.figures.programmes
    state.phase[who], state.completed[who], state.seal_day[who] = ORDERED, False, NEVER
    state.due_day[who] = day + world.days((figures.report_soonest_day, within), len(who))
    refusing = world.rng.random(len(who)) < figures.refusal_share
    state.due_day[who[refusing]] = NEVER
    later = world.days(figures.refusal_to_isolation_days, len(who))
    state.recall_day[who] = np.where(refusing, day + within + later, NEVER)


def _each_programme(kind: str, state: State, ledger: Ledger, who: Ints, day: Ints) -> None:
    for number, programme in enumerate(PROGRAMMES[:3]):
        mine = state.programme[who] == number
        ledger.note(kind, who[mine], day[mine], state, programme)


def report(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Those ordered report to the station, and their clock begins."""
    who = np.flatnonzero(due(state, ORDERED, world, week))
    _begin(state, ledger, world, who, state.due_day[who])


def _begin(state: State, ledger: Ledger, world: World, who: Ints, day: Ints) -> None:
    _each_programme("programme_start", state, ledger, who, day)
    ledger.note("agreement", who, day + world.days(world.figures.programmes.agreement_days, len(who)), state)
    state.phase[who], state.completed[who] = ACTIVE, False
    state.started_day[who] = day
    state.due_day[who] = state.recall_day[who] = NEVER
    state.next_test_day[who] = day + world.days(world.figures.tests.first_days, len(who))
    state.next_hair_day[who] = day + world.days(world.figures.tests.hair_first_days, len(who))
    state.positives[who] = state.withheld[who] = state.absences[who] = state.absent_days[who] = 0
    state.noticed[who] = False


def admit(state: State, ledger: Ledger, world: World, who: Ints, day: Ints) -> None:
    """Into isolation: two years, from one year on less by review, up to a year more by extension."""
    ledger.note("isolation_start", who, day, state)
    figures = world.figures.programmes
    points = np.round(world.rng.normal(*figures.assessment, len(who)))
    assessed = day + REVIEW - world.days(figures.assessed_days, len(who))
    ledger.note("diagnostic_assessment", who, assessed, state, value=points)
    fate = world.rng.random(len(who))
    early = world.rng.integers(REVIEW, ISOLATION, len(who))
    longer = world.rng.integers(ISOLATION + 1, ISOLATION + REVIEW + 1, len(who))
    days = np.where(fate < figures.early_release_share, early, ISOLATION)
    state.due_day[who] = day + np.where(fate > 1 - figures.extended_share, longer, days)
    state.phase[who], state.recall_day[who], state.ward_until[who] = ISOLATED, NEVER, 0
    state.completed[who], state.seal_day[who] = False, NEVER


def release(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Released persons are handed over to their township, most of them with an order to community rehabilitation."""
    who = np.flatnonzero(due(state, ISOLATED, world, week))
    day, figures = state.due_day[who], world.figures.programmes
    ledger.note("isolation_end", who, day, state)
    _meet(state, ledger, world, who, day)
    state.phase[who], state.due_day[who] = GONE, NEVER
    state.programme[who] = COMMUNITY_REHABILITATION
    state.employed[who] = False
    state.housed[who] &= world.rng.random(len(who)) < world.figures.living.home_kept
    state.stigma[who] += world.figures.living.stigma_by_isolation
    ordered = world.rng.random(len(who)) < figures.rehabilitation_share
    _order(state, ledger, world, who[ordered], day[ordered])


def _meet(state: State, ledger: Ledger, world: World, who: Ints, day: Ints) -> None:
    """The station of residence meets the released at the gate, or it does not."""
    met = world.rng.random(len(who)) < world.figures.programmes.met_share
    for outcome, those in (("kept", met), ("missed", ~met)):
        ledger.note("home_visit", who[those], day[those], state, outcome, remark="release")


def find(state: State, ledger: Ledger, world: World, settled: Flags, week: int) -> None:
    """Some who use outside of any programme are found: ordered anew, or sent to isolation (Law art. 38)."""
    figures = world.figures.programmes
    using = settled & (state.phase == GONE) & state.used_last_week() & (state.recall_day == NEVER)
    who = world.chance(using, figures.found_again)
    day = world.day_in(week, len(who))
    isolated = world.rng.random(len(who)) < figures.found_to_isolation
    state.recall_day[who[isolated]] = day[isolated] + world.days(figures.found_to_isolation_days, int(isolated.sum()))
    anew = who[~isolated]
    state.programme[anew] = COMMUNITY_TREATMENT
    _order(state, ledger, world, anew, day[~isolated])
