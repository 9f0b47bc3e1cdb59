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
# # Fairness: for whom is the risk right, whom does a list leave out, and who is merely tested more?
#
# On the home of the environment and the recipe of its champion: `WAYSTATION_HOME=.waystation/demo .venv/bin/python
# notebooks/fairness.py` after `make demo`. Protected attributes are read for this audit; no model of the house sees them
# unless its configuration says so.

# %%
import numpy as np
import pandas as pd

from features.home import Home
from models import champion
from training.capacity import workers_of
from training.fairness import Audit, Registers, audit, groups_of
from training.later import recipe_of
from training.material import material
from training.promote import stored
from training.relapse import backtest

home = Home.of_environment()
home.settle()
answering = champion.read(home.champions, "relapse-90d")
assert answering, "no model is promoted in this home; see the README, or run `make demo` first"
recipe = recipe_of(stored(home, answering).card)
records = material(home, print)
registers = Registers.of(records.snapshot)
workers = workers_of(registers.stations)

# %% [markdown]
# ## Rows the model had not seen, and their groups
# One date a person has many rows; intervals resample persons, not rows. A group with few persons or few relapses is not told
# of: its figures would be noise, and could give somebody away.

# %%
judged = backtest(records.history, recipe, snapshot_day=records.last_day, workers=workers)
rows, risk = judged.rows, judged.rows["lightgbm"].to_numpy()
groups = groups_of(rows, registers)
print({name: None if of is None else of.value_counts().to_dict() for name, of in groups.items()})
how = Audit(
    least_persons=30,
    least_relapses=8,
    resamples=200,
    seed=recipe.seed,
    persons_a_worker=min(recipe.use.persons_a_worker),
)
found = audit(rows, risk, groups, workers=workers, how=how)


# %%
def table(*figures):
    def told(each):
        return f"{each.value:+.2f} ({each.low:+.2f}, {each.high:+.2f})"

    everyone = {("", "everyone"): found.everyone}
    inside = {(name, str(group)): each for name, of in found.attributes.items() for group, each in (of or {}).items()}
    lines = {
        key: {
            "persons": each.persons or "too few",
            **{name: told(each.figures[name]) for name in figures if name in each.figures},
        }
        for key, each in (everyone | inside).items()
    }
    return pd.DataFrame.from_dict(lines, orient="index").fillna("").to_string()


# %% [markdown]
# ## Does 20 % mean the same for everyone?
# `intercept`: log-odds by which risks are too low in the group (0 is right; +0.4 turns 20 % into 27 %). `slope`: 1 is right.
# Where shares of relapse differ, no score is both calibrated within groups and equal in its errors (Kleinberg et al. 2017):
# this comes first, since a list goes by what a risk means.

# %%
print(table("intercept", "slope", "risk", "relapse"))

# %% [markdown]
# ## Whom does a list leave out?
# With room for so few a worker: the share of a group on the list, the share of its relapses that were not, and how that
# differs from everyone. A gap whose interval holds 0 is no finding; one that does not is a question, not yet an answer.

# %%
print(table("selected", "missed", "missed_gap"))

# %% [markdown]
# ## Is a group found more because it is looked at more?
# Both are observed over predicted, relative to everyone: by all tests, and by surprise tests alone, which neither suspicion
# nor calendar chose. Where the first is clearly above the second, the label holds testing as well as relapse.
# `intercept_weighted` and `missed_weighted` let observed rows stand for those that nobody observed.

# %%
print(table("found_relative", "surprise_relative", "intercept_weighted", "missed", "missed_weighted"))
tests = rows.assign(observed=rows["relapse"].notna(), surprised=rows["surprise"].notna())
for name, of in groups.items():
    if of is not None:
        print(tests.groupby(of.to_numpy())[["observed", "surprised"]].mean().round(2).rename_axis(name))

# %% [markdown]
# ## What would the attribute itself add?
# If risks are right within groups, knowing the group adds little. The spread of the intercepts, weighed by their
# persons, says how much in log-odds.

# %%
for name, of in found.attributes.items():
    told = [(each.persons, each.figures["intercept"].value) for each in (of or {}).values() if each.figures]
    if len(told) > 1:
        persons, shifts = (np.array(column, dtype=float) for column in zip(*told, strict=True))
        middle = np.average(shifts, weights=persons)
        print(f"{name}: {np.sqrt(np.average((shifts - middle) ** 2, weights=persons)):.2f}, chance included")

# %% [markdown]
# The gate refuses a model whose risks are surely off within a group (`most_off_in_groups`). It asks no more: whether a
# difference in testing is itself unjust is for people to decide, and this page is for them.
