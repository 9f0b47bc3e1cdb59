"""An interval holds the true risk about as often as it says, and is wider where less is known."""

import numpy as np
import pandas as pd

from models.boosters import Growth, fit_booster
from models.interval import fit_spread

PERSONS, REFITS = 1500, 12


def invented(seed):
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"x": random.normal(size=PERSONS), "rare": (random.random(PERSONS) < 0.05).astype(float)})
    log_odds = (0.8 * table["x"] - table["rare"]).to_numpy()
    return table, log_odds, (random.random(PERSONS) < 1 / (1 + np.exp(-log_odds))).astype(float)


def answers(table, relapse, growth):
    random = np.random.default_rng(1)
    for _ in range(REFITS):
        drawn = random.multinomial(PERSONS, np.full(PERSONS, 1 / PERSONS)).astype(float)
        booster = fit_booster(table[drawn > 0], relapse[drawn > 0], growth, weight=drawn[drawn > 0])
        yield np.where(drawn == 0, booster.predict(table.to_numpy(), raw_score=True), np.nan)


def test_the_interval_holds_most_true_risks_and_is_not_everything():
    growth = Growth(rounds=60, learning_rate=0.1, num_leaves=4, lambda_l2=1.0, feature_fraction=1.0)
    table, log_odds, relapse = invented(5)
    spread = fit_spread(table, list(answers(table, relapse, growth)), seed=3)
    raw = fit_booster(table, relapse, growth).predict(table.to_numpy(), raw_score=True)
    told = spread.interval(table.to_numpy(), raw, slope=1.0)
    true = 1 / (1 + np.exp(-log_odds))
    assert np.mean((told.low <= true) & (true <= told.high)) > 0.85
    assert np.median(told.high - told.low) < 0.35
    rare = table["rare"].to_numpy() == 1
    error = spread.standard_error(table.to_numpy())
    assert np.median(error[rare]) > np.median(error[~rare])


def test_too_few_refits_give_no_interval():
    table, _, _ = invented(5)
    assert fit_spread(table, [np.zeros(PERSONS)] * 2, seed=3) is None
