"""The words of a relapse task, held against the vocabulary and the records.

A kind, an outcome or a substance that neither knows is misspelt: it would find no event, and a label no relapse. What
the vocabulary does not list may still be in the records, which keep what a source calls by a name of its own.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

import pyarrow.parquet as pq

from features.errors import ConfigError
from features.snapshot import Snapshot
from features.vocabulary import CONTACT_OUTCOMES, KINDS, SUBSTANCES
from features.words import nearest, unheard
from training.config import RelapseConfig

ANY = ""
OUTCOMES = tuple(dict.fromkeys(outcome for kind in KINDS.values() for outcome in kind.outcomes))
MET_OR_MISSED = tuple(name for name, kind in KINDS.items() if {*CONTACT_OUTCOMES} <= {*kind.outcomes})

Held = Callable[[str], Collection[str]]  # the words of a column of the events held, asked for only when needed


@dataclass(frozen=True)
class _Words:
    """Words under a key of the configuration, those the vocabulary has for it, and the column of events they are in."""

    key: str
    given: tuple[str, ...]
    known: tuple[str, ...]
    column: str


def refuse_unheard_of(config: RelapseConfig, held: Held, facts: Collection[str]) -> None:
    """ConfigError with every word that neither the vocabulary nor the records know; `facts`: the columns of persons."""
    found: list[str] = []
    for words in _words(config):
        if not {*words.given} <= {*words.known}:
            records = sorted({*held(words.column)} - {*KINDS, *words.known})
            found += unheard(words.key, words.given, (*words.known, *records))
    found += [*_label_mistakes(config, held), *_facts_misspelt(config, facts)]
    if found:
        raise ConfigError(
            f"'{config.name}': {'; '.join(found)}. No record and no word of the vocabulary (features/vocabulary.py) "
            "is like this; mend it in the configuration."
        )


def refuse_unheard_in(snapshot: Snapshot, config: RelapseConfig) -> None:
    """The same of the records of a snapshot, of which no more is read than is needed."""
    facts = pq.read_schema(snapshot.folder / "persons.parquet").names
    refuse_unheard_of(config, partial(_held, snapshot), facts)


def _held(snapshot: Snapshot, column: str) -> set[str]:
    """The words of a column of the events, read piece by piece."""
    file = pq.ParquetFile(snapshot.folder / "events.parquet", read_dictionary=[column])
    pieces = (batch.column(0).dictionary for batch in file.iter_batches(columns=[column]))
    return {word for piece in pieces for word in piece.to_pylist()}


def _words(config: RelapseConfig) -> Iterator[_Words]:
    features, good = config.features, config.cohort.good_periods
    yield _Words("label: kinds", config.label.kinds, tuple(KINDS), "kind")
    for key, kinds, known in (
        ("contacts", features.contacts, MET_OR_MISSED),
        ("sessions", features.sessions, MET_OR_MISSED),
        ("generic_kinds", features.generic_kinds, tuple(KINDS)),
        ("generic_values", features.generic_values, tuple(KINDS)),
        ("more", tuple(each.kind for each in features.more if each.kind), tuple(KINDS)),
    ):
        yield _Words(f"features: {key}", kinds, known, "kind")
    yield _Words("features: more", tuple(each.outcome for each in features.more if each.outcome), OUTCOMES, "outcome")
    for key, substances in (
        ("label: substance", (config.label.substance,)),
        ("cohort: substance", (config.cohort.substance,)),
        ("cohort: good_periods: substance", (good.substance,) if good else ()),
        ("features: substances", features.substances),
        ("features: told_substances", features.told_substances),
        ("features: other_positives", features.other_positives),
    ):
        yield _Words(key, substances, (ANY, *SUBSTANCES), "substance")


def _label_mistakes(config: RelapseConfig, held: Held) -> Iterator[str]:
    """Outcomes that no event of the label's kinds can have; of a kind not in the vocabulary, those in the records."""
    label = config.label
    listed = [KINDS[kind].outcomes or (ANY,) for kind in label.kinds if kind in KINDS]
    if len(listed) < len(label.kinds):
        listed.append(tuple(held("outcome")))
    for outcomes in dict.fromkeys(listed):
        yield from unheard("label: outcome", [label.outcome], outcomes)
    if label.outcome not in label.observed_outcomes:
        yield f"label: observed_outcomes lists no {label.outcome}; expected what is a relapse among what was observed"
    together = dict.fromkeys(outcome for outcomes in listed for outcome in outcomes)
    yield from unheard("label: observed_outcomes", label.observed_outcomes, together)


def _facts_misspelt(config: RelapseConfig, facts: Collection[str]) -> Iterator[str]:
    """Facts that nobody has, where one that persons have comes near: a source may well not record a fact."""
    choice = config.features
    given = (*choice.facts, *(column for column, _ in choice.facts_are), *(each.column or "" for each in choice.more))
    for column in dict.fromkeys(filter(None, given)):
        near = "" if column in facts else nearest([column], sorted({*facts} - {*given}))
        if near:
            yield f"features: facts lists {column}, which nobody has{near}"
