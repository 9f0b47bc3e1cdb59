"""How records reach the service: late, some never, now and then twice, some corrected or taken back."""

import numpy as np
import pyarrow as pa

from features.arrays import Floats, Ints
from features.vocabulary import KINDS, TEST_GIVEN
from training.city.ground import Ground
from training.city.names import PERSON_DIGITS
from training.city.rows import CODES, KIND_NAMES, NONE, OUTCOMES, RECORDED, Rows, code, codes, words
from training.city.stations import station_ids, township_ids
from training.city.weeks import some_days

CORRECTABLE: dict[str, dict[str, tuple[str, ...]]] = {
    # A positive screen that the laboratory does not confirm is the commonest correction: two mistakes in a negative.
    "urine_test": {"negative": ("positive", "missed"), "positive": ("negative",), "missed": ("evaded",)},
    "check_in": {"kept": ("missed",), "missed": ("kept",)},
}
MISTAKES = 2  # how many mistakes may be made in one outcome
RETRACTABLE = ("home_visit", "family_contact", "group_service")
# What is written by hand and in plenty, and so is lost now and then; starts and ends of programmes are not.
LOSABLE = (
    "urine_test", "hair_test", "check_in", "home_visit", "family_contact", "counselling", "group_service", "dose",
    "plan", "assistance", "training", "placement", "leave", "absence",
)  # fmt: skip

SENT = np.dtype(
    [*RECORDED.descr, ("event", np.int64), ("revision", np.int64), ("retracted", np.bool_), ("known_on", np.int64)]
)


def arrive(recorded: Rows, ground: Ground, rng: np.random.Generator) -> Rows:
    """What reached the service by the last day: rows of SENT, each with the day it became known."""
    order = np.lexsort((recorded["kind"], recorded["person"], recorded["occurred_on"]))
    first = _first(recorded[order], ground, rng)
    first = first[rng.random(len(first)) >= lost_probability(first, ground)]
    wrong, right = _corrections(first, ground, rng)
    known = np.concatenate([wrong, right, _retractions(first, ground, rng)])
    known = known[known["known_on"] <= ground.weeks.until]
    again = rng.random(len(known)) < ground.figures.arrival.repeated_share
    known = np.concatenate([known, known[again]])
    return known[np.lexsort((known["revision"], known["event"], known["known_on"]))]


def lost_probability(recorded: Rows, ground: Ground) -> Floats:
    """The probability that a row never arrives; only routine records are lost."""
    losable = np.isin(recorded["kind"], codes("kind", LOSABLE))
    return losable * lost_share(ground)[recorded["station"]]


def lost_share(ground: Ground) -> Floats:
    """By station, the share of routine records (tests among them) that never arrive; less in diligent ones."""
    share = ground.figures.arrival.lost_share * np.exp(-ground.stations.diligence)
    return np.asarray(np.minimum(share, 1.0))


def _first(ordered: Rows, ground: Ground, rng: np.random.Generator) -> Rows:
    """Every row as first sent; less diligent stations send later."""
    figures = ground.figures.arrival
    sent = np.zeros(len(ordered), dtype=SENT)
    for name in RECORDED.names or ():
        sent[name] = ordered[name]
    sent["event"], sent["revision"] = np.arange(len(ordered)), 1
    # Cut to whole days, an exponential number of days loses about half of one.
    mean = (np.array(figures.delay_days) + 0.5)[ordered["source"]]
    mean *= np.exp(figures.delay_by_diligence * ground.stations.diligence)[ordered["station"]]
    sent["known_on"] = ordered["occurred_on"] + np.minimum(np.floor(rng.exponential(mean)), figures.most_days)
    return sent


def _corrections(first: Rows, ground: Ground, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """All rows, a few of which say something else; and those again as revision 2, with what is true."""
    mistake = _mistakes()[rng.integers(0, MISTAKES, len(first)), first["kind"], first["outcome"]]
    chosen = (mistake != NONE) & (rng.random(len(first)) < ground.figures.arrival.corrected_share)
    right = _second(first[chosen], ground, rng)
    wrong = first.copy()
    wrong["outcome"] = np.where(chosen, mistake, first["outcome"])
    withheld = chosen & ~np.isin(wrong["outcome"], codes("outcome", TEST_GIVEN))
    wrong["substance"][withheld] = NONE  # a test not given looks for nothing
    return wrong, right


def _mistakes() -> Ints:
    """By (which, kind, outcome) what is written down by mistake; NONE for nothing. The last outcome stands for none."""
    table = np.full((MISTAKES, len(KINDS), len(OUTCOMES) + 1), NONE)
    for kind, mistakes in CORRECTABLE.items():
        for true, false in mistakes.items():
            # Each of them alike, and the only one every time.
            table[:, KIND_NAMES.index(kind), code("outcome", true)] = np.resize(codes("outcome", false), MISTAKES)
    return table


def _retractions(first: Rows, ground: Ground, rng: np.random.Generator) -> Rows:
    """A second revision of a few rows that should never have been there."""
    chosen = np.isin(first["kind"], codes("kind", RETRACTABLE))
    chosen &= rng.random(len(first)) < ground.figures.arrival.retracted_share
    second = _second(first[chosen], ground, rng)
    second["retracted"] = True
    return second


def _second(chosen: Rows, ground: Ground, rng: np.random.Generator) -> Rows:
    """The chosen rows as revision 2, known some days after the first."""
    second = chosen.copy()
    second["revision"] = 2
    second["known_on"] += some_days(ground.figures.arrival.second_days, len(second), rng)
    return second


def latest_of(known: Rows) -> Rows:
    """Of rows of SENT each event once, by its latest revision; none that was taken back. In the order of events."""
    ordered = known[np.lexsort((known["revision"], known["event"]))]
    last = np.append(ordered["event"][1:] != ordered["event"][:-1], True)[: len(ordered)]
    return ordered[last & ~ordered["retracted"]]


def events_table(known: Rows, ground: Ground, block: int, first_person: int) -> pa.Table:
    """The rows as the `events` table of the data contract; ids of events begin with the number of their block."""
    number = known["person"].astype(np.int64) + first_person + 1
    columns = {
        "event_id": _numbered(f"E{block + 1:04d}", known["event"] + 1, 8),
        "revision": pa.array(known["revision"]),
        "retracted": pa.array(known["retracted"]),
        "person_id": _numbered("P", number, PERSON_DIGITS),
        "occurred_on": pa.array(known["occurred_on"].copy(), pa.int32()).cast(pa.date32()),
        "known_on": pa.array(known["known_on"].astype(np.int32)).cast(pa.date32()),
        **{name: words(known[name], CODES[name]) for name in ("source", "kind", "outcome", "substance")},
        "value": pa.array(known["value"].copy(), from_pandas=True),
        "station_id": words(known["station"], station_ids(ground.places, np.arange(ground.figures.places.stations))),
        "township_id": words(known["township"], township_ids(ground.places, np.arange(len(ground.places)))),
        "note_code": words(known["note"], CODES["note"]),
    }
    return pa.table(columns)


def _numbered(prefix: str, number: Ints, digits: int) -> pa.Array:
    """Ids such as P000123, each different one written once."""
    unique, place = np.unique(number, return_inverse=True)
    names = [f"{prefix}{each:0{digits}d}" for each in unique.tolist()]
    return words(place, names)
