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
# # A first look: one history, its features, a model, and why a score is what it is
#
# On an invented city, so that it runs anywhere. Open it with `jupytext --to ipynb notebooks/first_look.py`,
# or run it as a script: `.venv/bin/python notebooks/first_look.py`.

# %%
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import shap

from features.asof import Visible
from features.catalogue import compute, make
from features.history import History
from features.schema import Arrival, conform
from training import city
from training.config import read
from training.relapse import train

# %% [markdown]
# ## The records of a small city
# Every event has the day it happened and the day it became known. The truth beside them stays closed here.

# %%
until = date(2025, 12, 31)
town = city.build(persons=300, years=3, seed=11, until=until)
arrival = Arrival(received_on=until, backfill=True)
tables = {name: conform(name, town.tables[name], arrival=arrival).sound() for name in ("persons", "events")}
history = History.of(tables["events"].drop_duplicates(["event_id", "revision"]), tables["persons"])
print(f"{len(history.person_ids)} persons, {len(history)} event revisions in force at some time")

# %% [markdown]
# ## What was known about one person on some days
# A feature is a function of the visible past; the same function answers for one row and for a million.

# %%
last_day = int(history.known.max())
days = np.arange(last_day - 360, last_day, 60)
everyone = Visible.at(history, pd.DataFrame({"person_id": history.person_ids, "as_of": last_day}))
most_positive = everyone.of(kind="urine_test", outcome="positive").within(days=360).count().argmax()
times = pd.DataFrame({"person_id": history.person_ids[most_positive], "as_of": days})
chosen = [
    make("tests_given", substance="", days=90),
    make("positive_tests", substance="", days=90),
    make("missed_tests", substance="", days=90),
    make("days_since_positive", substance=""),
    make("kept_share", kind="check_in", days=90),
]
print(compute(history, times, chosen).round(2).set_index(pd.to_datetime(days, unit="D")).to_string())

# %% [markdown]
# A positive test that became known late counts only from then on:

# %%
late = Visible.at(history, times).of(kind="urine_test", outcome="positive")
print(late.count(), late.within(days=90).count())

# %% [markdown]
# ## Train, and judge on rows the model has not seen

# %%
task = read(None)  # the default task, made small: fewer trees, one origin, no model of last year beside
growth, split = replace(task.growth, rounds=80), replace(task.split, origins=1, last_years_days=0)
task = replace(task, growth=growth, split=split, resamples=50)
trained = train(history, task, snapshot_day=last_day)
figures = trained.backtest.models
print(
    pd.DataFrame({name: {key: each.value for key, each in model.items()} for name, model in figures.items()}).round(3)
)

# %% [markdown]
# ## Why this score
# The service gives LightGBM's own contributions, scaled by the calibration. They are the values the shap package computes.

# %%
table = trained.rows.table[trained.model.columns]
parts = trained.model.contributions(table.iloc[:200])
explained = shap.TreeExplainer(trained.model.booster).shap_values(table.iloc[:200])
assert np.allclose(np.asarray(explained) * trained.model.calibration.slope, parts.by_feature, atol=1e-6)
for place in parts.strongest(0, 5):
    print(f"{parts.by_feature[0, place]:+.2f}  {trained.model.columns[place]} = {table.iloc[0, place]}")
