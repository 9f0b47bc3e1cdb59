"""The case a gate looks at, put together from a home: the challenger, the champion, and all that the store knows."""

from functools import partial

import sqlalchemy as sa

from features.history import History
from features.home import Home
from features.store import Store
from features.tables import BATCHES
from models.artifact import Artifact
from models.relapse import RelapseModel
from training.config import RelapseConfig
from training.fairness import Registers
from training.gate import Ages, Case, Feedback
from training.later import Records
from training.material import Material, material
from training.proof import Poison, Proof, Watched, prove_on
from training.rows import prediction_times


def case_of(
    home: Home, challenger: Artifact, champion: Artifact | None, config: RelapseConfig, feedback: Feedback | None
) -> Case:
    """The case of a challenger in a home; `feedback` is the simulation, where there is a simulator."""
    now = material(home, lambda _: None)
    return Case(
        config=config,
        challenger=challenger,
        champion=champion,
        ages=ages_of(home, challenger, champion, now.last_day),
        records=Records(now.history, now.last_day, Registers.of(now.snapshot)),
        leaks=partial(leaks, now, config),
        feedback=feedback,
    )


def leaks(made_from: Material, config: RelapseConfig, model: RelapseModel) -> Proof:
    """What poisoning the future moves on a day the model was made for: nothing, when all is well."""
    as_of = day_with_a_future(made_from.history, config, last_day=made_from.last_day)
    watched = Watched(as_of, config.cohort, model.features, model)
    return prove_on(made_from.snapshot, watched, Poison(config.gate.proof_edits, config.seed))


def day_with_a_future(history: History, config: RelapseConfig, *, last_day: int) -> int:
    """A horizon before the last day; in a trial the middle of its as-of dates: at the end nothing happens any more."""
    if config.as_of.clock == "calendar":
        return last_day - config.label.horizon_days
    times = prediction_times(history, config, snapshot_day=last_day)
    return int(times["as_of"].median())


def ages_of(home: Home, challenger: Artifact, champion: Artifact | None, last_day: int) -> Ages:
    """Where the challenger's records stand in a home whose records end on a day."""
    behind = last_day - int(challenger.card.get("snapshot_day") or 0)
    places = state_places(home)
    before = None if champion is None else places.get(str(champion.card.get("snapshot")))
    return Ages(behind, places.get(str(challenger.card.get("snapshot"))), before)


def state_places(home: Home) -> dict[str, int]:
    """By state digest the number of the last batch after which the store was in that state."""
    query = sa.select(BATCHES.c.state_digest, BATCHES.c.batch_no).order_by(BATCHES.c.batch_no)
    with Store.open(home.store_url) as store, store.reading() as connection:
        return {str(row.state_digest): int(row.batch_no) for row in connection.execute(query)}
