# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How old may a model get?
#
# The recipe of the champion, fitted on what was known long ago, a while ago and lately, and asked about the same rows:
# `WAYSTATION_HOME=.waystation/demo .venv/bin/python notebooks/how_old_may_a_model_get.py` after `make demo`.

# %%
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from features.home import Home
from features.relapse import chosen
from models import champion
from training.evaluate import MEASURES, draws, estimate, paired
from training.fitting import fit
from training.later import recipe_of
from training.material import material
from training.promote import stored
from training.relapse import rows_to_learn
from training.rows import rows_of
from training.splits import Fold, closed_by

home = Home.of_environment()
home.settle()
answering = champion.read(home.champions, "relapse-90d")
assert answering, "no model is promoted in this home; see the README, or run `make demo` first"
recipe = recipe_of(stored(home, answering).card)
records = material(home, print)

# %% [markdown]
# ## The same rows for all
# Judged are the last rows whose outcome is known. Were each age judged on dates of its own, a quiet spring would look like a
# good model. (The backtest tells `by_age_days` over several origins; it has more rows and less order.)

# %%
rows = rows_of(records.history, recipe, chosen(recipe.features), snapshot_day=records.last_day)
as_of = rows.times["as_of"].to_numpy(dtype=np.int64)
today = int(as_of.max()) - 90
judge = rows.where(
    (as_of >= today) & rows.times["judged"].to_numpy(dtype=bool) & rows.times["relapse"].notna().to_numpy()
)
print(f"{len(judge.times)} rows of {judge.times['person_id'].nunique()} persons, {int(judge.relapse.sum())} relapses")

# %% [markdown]
# ## Models of several ages
# A model of an age has seen only what had closed and was known by its day: no label window, no correction that came later.


# %%
def made(days_ago):
    day = today - days_ago
    learn = closed_by(as_of, day, recipe) & rows.times["trained"].to_numpy(dtype=bool)
    past = rows_to_learn(rows, records.history, Fold(f"{days_ago} days ago", learn, learn, origin=day), recipe)
    return len(past.times), fit(past, recipe).model


ages = (0, 90, 180, 360)
models = {age: made(age) for age in ages}
risks = {f"{age} days": model.risk(judge.table) for age, (_, model) in models.items()}
y = judge.relapse
sampling = draws(judge.times["person_id"].to_numpy(dtype=object), resamples=recipe.resamples, seed=recipe.seed)

figures = {
    name: {"rows learned": n}
    | {
        key: round(estimate(MEASURES[key], y, risk, sampling).value, 3)
        for key in ("auroc", "auprc", "brier", "slope", "intercept")
    }
    for (name, risk), (n, _) in zip(risks.items(), models.values(), strict=True)
}
print(pd.DataFrame(figures).T)

# %% [markdown]
# Two things age at once: an older model knows an older world, and it had fewer rows to learn from. To tell them apart, let
# the newest learn from no more rows than the oldest had.

# %%
n_oldest = models[ages[-1]][0]
learn = closed_by(as_of, today, recipe) & rows.times["trained"].to_numpy(dtype=bool)
newest_dates = np.flatnonzero(learn)[np.argsort(-as_of[learn], kind="stable")][:n_oldest]
few = np.zeros(len(as_of), dtype=bool)
few[newest_dates] = True
past = rows_to_learn(rows, records.history, Fold("as few", few, few, origin=today), recipe)
risks["new, as few rows"] = fit(past, recipe).model.risk(judge.table)

# %% [markdown]
# ## What does waiting cost?
# The newest less each other, on the same resamples of persons: log loss below 0 and AUROC above 0 speak for the newest.

# %%
for other, gaps in paired(y, risks, sampling).items():
    told = {
        key: f"{gaps[key].value:+.4f} ({gaps[key].low:+.4f}, {gaps[key].high:+.4f})" for key in ("log_loss", "auroc")
    }
    print(f"{other:>18}", told)

# %%
shift = [estimate(MEASURES["intercept"], y, risks[f"{age} days"], sampling) for age in ages]
figure = Figure(figsize=(5, 3))
axes = figure.add_subplot(xlabel="Age of the model, days", ylabel="Log-odds too low", title="The level moves first")
axes.axhline(0, color="0.7")
axes.vlines(ages, [each.low for each in shift], [each.high for each in shift])
axes.plot(ages, [each.value for each in shift], "o")
figure

# %% [markdown]
# What usually ages first is the level (`intercept`), not the order of persons (AUROC): practice and testing change for
# everyone alike. Refitting every quarter is cheap; the gate's item `fresh` refuses what learned from records that ended too
# long before the store's (`most_behind_days`), and `later` a newer model that is surely worse.
