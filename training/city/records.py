"""From the diary of a block to the rows its seven sources should send: contacts, tests, doses, what befell people."""

from dataclasses import dataclass

import numpy as np

from features.arrays import Flags, Floats, Ints
from features.vocabulary import TEST_GIVEN
from training.city.diary import Diary
from training.city.living import KEPT, NO_SESSION
from training.city.people import COMMUNITY_REHABILITATION, METHADONE, People
from training.city.rows import NONE, NOTES, Rows, code, codes, rows, where
from training.city.state import NEVER
from training.city.testing import AFTERCARE, NO_TEST, RESULTS, SURPRISE, SUSPICION, weekdays
from training.city.weeks import WEEKS_A_YEAR, YEAR_DAYS, logistic
from training.city.world import Entry, World

Cells = tuple[Ints, ...]  # (weeks, persons) of the diary

# Who tells of what befell a person; a start of methadone is told by the clinic.
TELLERS = {
    "order": "case_unit",
    "programme_start": "community",
    "programme_end": "case_unit",
    "agreement": "community",
    "isolation_start": "facility",
    "isolation_end": "facility",
    "diagnostic_assessment": "facility",
    "home_visit": "community",
    "transfer_out": "community",
    "transfer_in": "community",
    "move": "community",
    "absence": "community",
    "leave": "community",
    "ward_start": "special_ward",
    "ward_end": "special_ward",
    "job_start": "employment",
    "job_end": "employment",
    "death": "community",
    "sealed": "case_unit",
    "objection": "community",
}


@dataclass(frozen=True)
class Contact:
    """A kind of routine contact, its source, and whom it is for; `figures` says how often and how it is kept."""

    source: str
    kind: str
    only_jobless: bool = False
    in_aftercare: bool = False  # also, now and then, after completion


CONTACTS = (
    Contact("community", "check_in", in_aftercare=True),
    Contact("community", "home_visit"),
    Contact("community", "family_contact", in_aftercare=True),
    Contact("rehab_station", "group_service"),
    Contact("rehab_station", "plan"),
    Contact("rehab_station", "assistance"),
    Contact("employment", "training", only_jobless=True),
    Contact("employment", "placement", only_jobless=True),
)


def records(diary: Diary, world: World) -> Rows:
    """What should be recorded, one row an event: persons by their number in the block, days since 1970-01-01."""
    routine = [_contact(contact, diary, world) for contact in CONTACTS]
    routine += [_urine_tests(diary, world), _hair_tests(diary, world), _counselling(diary, world)]
    routine += [_doses(diary, world, taken=True), _doses(diary, world, taken=False)]
    told = np.concatenate([_told(entry) for entry in diary.befell()])
    routine += [told[where(told, kind="leave")]]
    recent = not_while_away(np.concatenate(routine), told)
    recent = recent[recent["occurred_on"] >= world.ground.weeks.opening]
    earlier = [_earlier_isolation(world.people), *_earlier_programmes(world)]
    lasting = told[~where(told, kind="leave")]
    return until_sealed(until_death(np.concatenate([*earlier, lasting, recent])))


def _rows(diary: Diary, at: Cells, day: Ints, **given: object) -> Rows:
    """Rows at these (week, person) cells of the diary, with the columns given."""
    place = {"station": diary.station[at], "township": diary.township[at]}
    return rows(len(day), person=at[1], occurred_on=day, **place, **given)


def _contact(contact: Contact, diary: Diary, world: World) -> Rows:
    per_week, *kept = getattr(world.figures.contacts, contact.kind)
    due = _due(per_week, diary, world)
    if contact.in_aftercare:
        after = world.figures.care.aftercare_a_year / WEEKS_A_YEAR
        due |= diary.aftercare & (world.rng.random(due.shape) < after)
    if contact.only_jobless:
        due &= ~diary.employed
    if not kept:  # this kind has no outcome: it is there only when it happened
        due &= ~diary.silent
    at = np.nonzero(due)
    outcome = _kept(kept[0], diary, world, at) if kept else NONE
    day = _workday(world, at[0])
    return _rows(diary, at, day, source=contact.source, kind=contact.kind, outcome=outcome)


def _due(per_week: float, diary: Diary, world: World) -> Flags:
    """Where a contact falls due; diligent stations have more of them, all have fewer at the Spring Festival."""
    ground, figures = world.ground, world.figures.contacts
    pace = figures.pace * np.exp(figures.by_diligence * ground.stations.diligence)[diary.station]
    pace *= np.where(ground.festival, figures.at_festival, 1.0)[:, None]
    return diary.routine & (world.rng.random(diary.routine.shape) < pace * per_week)


def _kept(logit: float, diary: Diary, world: World, at: Cells) -> Ints:
    """Kept or missed: strain and use make missing likelier, and who is gone misses everything."""
    figures = world.figures.care
    festival = figures.kept_at_festival * world.ground.festival[at[0]]
    pull = figures.kept_by_strain * diary.strain[at] + figures.kept_by_use * diary.used[at] + festival
    kept = world.rng.random(len(at[0])) < logistic(logit + pull) * ~diary.silent[at]
    return np.where(kept, code("outcome", "kept"), code("outcome", "missed"))


def _workday(world: World, week: Ints) -> Ints:
    return world.ground.weeks.first + 7 * week + weekdays(world, len(week))


def _urine_tests(diary: Diary, world: World) -> Rows:
    at = np.nonzero(diary.urine != NO_TEST)
    note = np.full(4, NONE)
    note[[SURPRISE, SUSPICION, AFTERCARE]] = [NOTES.index(word) for word in ("surprise", "suspicion", "aftercare")]
    at_clinic = (diary.programme[at] == METHADONE) & diary.routine[at]
    result = diary.urine[at]
    return _rows(
        diary,
        at,
        diary.urine_day[at],
        source=np.where(at_clinic, code("source", "methadone_clinic"), code("source", "community")),
        kind="urine_test",
        outcome=codes("outcome", RESULTS)[result],
        substance=_looked_for(result, at[1], world),
        note=note[diary.why[at]],
    )


def _hair_tests(diary: Diary, world: World) -> Rows:
    at = np.nonzero(diary.hair != NO_TEST)
    result, day = diary.hair[at], diary.hair_day[at]
    outcome, substance = codes("outcome", RESULTS)[result], _looked_for(result, at[1], world)
    return _rows(diary, at, day, source="rehab_station", kind="hair_test", outcome=outcome, substance=substance)


def _looked_for(result: Ints, who: Ints, world: World) -> Ints:
    """What a given test looked for, the person's primary substance; nothing for a test that was not given."""
    given = np.isin(result, [RESULTS.index(outcome) for outcome in TEST_GIVEN])
    return np.where(given, world.people.substance[who], NONE)


def _counselling(diary: Diary, world: World) -> Rows:
    at = np.nonzero(diary.counselling != NO_SESSION)
    outcome = np.where(diary.counselling[at] == KEPT, code("outcome", "kept"), code("outcome", "missed"))
    return _rows(diary, at, _workday(world, at[0]), source="rehab_station", kind="counselling", outcome=outcome)


def _doses(diary: Diary, world: World, *, taken: bool) -> Rows:
    """One row a week for the doses taken, and one for a week's missed dose: a row a day would drown all else."""
    at = np.nonzero(diary.routine & (diary.programme == METHADONE))
    silent = diary.silent[at]
    care = world.figures.care
    strained = care.dose_missed + care.dose_missed_by_strain * diary.strain[at]
    strained = logistic(strained + care.dose_missed_by_use * diary.used[at])
    chosen = ~silent if taken else silent | (world.rng.random(len(silent)) < strained)
    at = (at[0][chosen], at[1][chosen])
    outcome, note = ("taken", "week") if taken else ("missed", NONE)
    value = _dose_mg(diary, world)[at] if taken else np.nan
    day = world.ground.weeks.first + 7 * at[0] + world.rng.integers(0, 7, len(at[0]))  # the clinic knows no weekend
    return _rows(diary, at, day, source="methadone_clinic", kind="dose", outcome=outcome, value=value, note=note)


def _dose_mg(diary: Diary, world: World) -> Floats:
    """By week and person the dose at the clinic, mg: from a low start to the person's own, set anew now and then."""
    care, rng, shape = world.figures.care, world.rng, diary.routine.shape
    settings = -(-shape[0] // care.dose_moves_weeks)
    moves = np.repeat(rng.normal(0, care.dose_moves_sd, (settings, shape[1])), care.dose_moves_weeks, axis=0)
    own = care.dose_by_frailty * world.people.frailty + rng.normal(0, care.dose_sd, shape[1])
    weeks_there = np.cumsum(diary.routine & (diary.programme == METHADONE), axis=0)
    risen = 1 - (1 - care.dose_at_start) * np.exp(-weeks_there / care.dose_rise_weeks)
    mg = (care.dose_mg + own + moves[: shape[0]]) * risen
    return np.asarray(np.maximum(np.round(mg / care.dose_least_mg), 1) * care.dose_least_mg)


def _told(entry: Entry) -> Rows:
    """The rows of what befell people."""
    to_clinic = entry.kind == "programme_start" and entry.outcome == "methadone"
    return rows(
        len(entry.who),
        person=entry.who,
        occurred_on=entry.day,
        source="methadone_clinic" if to_clinic else TELLERS[entry.kind],
        kind=entry.kind,
        outcome=entry.outcome or NONE,
        value=np.nan if entry.value is None else entry.value,
        station=entry.station,
        township=entry.township,
        note=entry.note or NONE,
    )


def _earlier(people: People, who: Ints, day: Ints, **given: object) -> Rows:
    place = {"station": people.station[who], "township": people.township[who]}
    return rows(len(who), person=who, occurred_on=day, **place, **given)


def _earlier_isolation(people: People) -> Rows:
    """Admission and release of those who enter the city's programmes from isolation."""
    who = np.flatnonzero(people.programme == COMMUNITY_REHABILITATION)
    moments = (("isolation_start", people.registered_on[who]), ("isolation_end", people.entry_day[who]))
    return np.concatenate([_earlier(people, who, day, source="facility", kind=kind) for kind, day in moments])


def _earlier_programmes(world: World) -> list[Rows]:
    """Start and completion of the programmes of veterans."""
    people, took = world.people, round(world.figures.people.veteran_programme_years * YEAR_DAYS)
    who = np.flatnonzero(people.veteran)
    start = people.entry_day[who]
    begun = codes("outcome", ("community_treatment", "community_rehabilitation"))[people.programme[who]]
    done = {"source": "case_unit", "kind": "programme_end", "outcome": "completed"}
    return [
        _earlier(people, who, start, source="community", kind="programme_start", outcome=begun),
        _earlier(people, who, start + took, **done),
    ]


def until_death(recorded: Rows) -> Rows:
    """The rows without what was foreseen for a day after the person's death."""
    dead = recorded[where(recorded, kind="death")]
    if not len(dead):
        return recorded
    last = np.full(int(recorded["person"].max()) + 1, np.iinfo(np.int32).max)
    last[dead["person"]] = dead["occurred_on"]
    return recorded[recorded["occurred_on"] <= last[recorded["person"]]]


def until_sealed(recorded: Rows) -> Rows:
    """The rows without those that come after the sealing of the person's record, up to a new order or isolation."""
    anew = where(recorded, kind="order") | where(recorded, kind="isolation_start")
    sealed, reopened = (np.sort(_moments(recorded[each])) for each in (where(recorded, kind="sealed"), anew))
    moment = _moments(recorded)
    # The last of either that came before: sealed on an earlier day, reopened on the same day or an earlier one.
    since_sealed = _last(sealed, np.searchsorted(sealed, moment))
    since_reopened = _last(reopened, np.searchsorted(reopened, moment, side="right"))
    of_same_person = since_sealed // NEVER == recorded["person"]
    return recorded[~of_same_person | (since_reopened > since_sealed)]


def not_while_away(routine: Rows, told: Rows) -> Rows:
    """The routine rows without the contacts on days of a leave or absence."""
    away = told[where(told, kind="leave") | where(told, kind="absence")]
    first, moment = _moments(away), _moments(routine)
    begun = np.searchsorted(np.sort(first), moment, side="right")
    over = np.searchsorted(np.sort(first + away["value"].astype(np.int64)), moment, side="right")
    contact = np.isin(routine["kind"], codes("kind", tuple(each.kind for each in CONTACTS)))
    return routine[~contact | (begun == over)]


def _moments(recorded: Rows) -> Ints:
    """Person and day of rows as one number, by which they sort."""
    return recorded["person"].astype(np.int64) * NEVER + recorded["occurred_on"]


def _last(moments: Ints, place: Ints) -> Ints:
    """The moment just before each place among sorted moments; before all of anybody's where there is none."""
    return np.concatenate([[-NEVER], moments])[place]
