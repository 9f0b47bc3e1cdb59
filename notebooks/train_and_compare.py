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
# # Train and compare: is a change to the recipe worth it?
#
# On the home of the environment and the recipe of its champion: `WAYSTATION_HOME=.waystation/demo .venv/bin/python
# notebooks/train_and_compare.py` after `make demo`, or `jupytext --to ipynb notebooks/train_and_compare.py` and your own.
# Nothing is written to the store; no person is named.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from features.home import Home
from models import champion
from training.evaluate import draws, paired
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

# %% [markdown]
# ## What is judged
# Rows are persons on dates. At each rolling origin everything is fitted anew on what was known by then, and the rows of
# the weeks that follow are judged. A row nobody observed is neither a relapse nor none: it is left out, and counted.

# %%
now = backtest(records.history, recipe, snapshot_day=records.last_day)
print(now.counts, "not observed because:", now.why_unobserved)

# %% [markdown]
# ## The recipe in use, beside what a station could have without it
# Each figure with the 95 % interval over resampled persons. A slope below 1 says that risks are too extreme.


# %%
def told(estimate):
    return f"{estimate.value:.3f} ({estimate.low:.3f}, {estimate.high:.3f})"


measures = ["auroc", "auprc", "brier", "slope", "intercept"]
print(
    pd.DataFrame({name: {key: told(each[key]) for key in measures} for name, each in now.models.items()}).T.to_string()
)

# %% [markdown]
# Intervals of two models overlap even where one is surely better, for both were judged on the same persons. The paired
# difference is what counts: the model less the baseline, by the same resamples.

# %%
print(
    pd.DataFrame(
        {name: {key: told(each) for key, each in gaps.items()} for name, gaps in now.paired.items()}
    ).T.to_string()
)

# %% [markdown]
# ## A challenger
# One change at a time, on the same rows. Here: trees that know nothing of direction, so that more positive tests may lower
# a risk where chance has it so. Change what you like; the rest of the page follows.

# %%
changed = replace(recipe, fit=replace(recipe.fit, monotone=False))
then = backtest(records.history, changed, snapshot_day=records.last_day)
key = ["person_id", "as_of", "relapse"]
both = now.predictions[[*key, "lightgbm"]].merge(
    then.predictions[[*key, "lightgbm"]], on=key, suffixes=("_now", "_changed"), validate="one_to_one"
)
risks = {name: both[f"lightgbm_{name}"].to_numpy() for name in ("changed", "now")}
sampling = draws(both["person_id"].to_numpy(dtype=object), resamples=recipe.resamples, seed=recipe.seed)
gain = paired(both["relapse"].to_numpy(), risks, sampling)["now"]
print(pd.Series({name: told(each) for name, each in gain.items()}, name="changed less now"))
surely = [name for name in ("brier", "log_loss") if gain[name].high < 0]
print("surely better by", surely) if surely else print("no sure gain: the simpler or safer recipe stays")

# %% [markdown]
# Whoever tries twenty changes will find one that is "surely" better by chance. The search over settings belongs into the
# training folds (`[tuning]` in the configuration), and the last word to rows that came later: that is the gate.
#
# ## Are the risks right?
# Tenths of the rows by risk: what was told, and what came. And the log loss of other ways to calibrate, on persons the
# calibration had not seen: a straight line in log-odds (Platt) is kept unless another wins by more than noise.

# %%
tenths = pd.DataFrame(
    [
        {"risk": each["risk"], **{f"relapse_{end}": value for end, value in each["relapse"].items()}}
        for each in now.more["reliability"]
    ]
)
print(tenths.round(3).to_string(index=False))
print(pd.Series(now.more["calibrations"], name="log loss").sort_values().round(4))

# %%
figure = Figure(figsize=(4.5, 4.5))
axes = figure.add_subplot(xlabel="Risk", ylabel="Share that relapsed", title="Rows not fitted on")
axes.plot([0, tenths["risk"].max()], [0, tenths["risk"].max()], color="0.7")
axes.vlines(tenths["risk"], tenths["relapse_low"], tenths["relapse_high"])
axes.plot(tenths["risk"], tenths["relapse_value"], "o")
figure

# %% [markdown]
# ## Is it of use?
# Net benefit (Vickers and Elkin 2006): relapses found, less people seen in vain, weighed by the risk from which one would
# act. Worth having where it lies above both "help everyone" and 0, which is what helping nobody brings.

# %%
benefit = pd.DataFrame(
    [
        {
            name: each[name] if name == "threshold" else each[name]["value"]
            for name in ("threshold", "lightgbm", "logistic", "everyone")
        }
        for each in now.more["decision_curve"]
    ]
)
print(benefit.round(4).to_string(index=False))
assert np.isfinite(benefit.to_numpy()).all()

# %% [markdown]
# When a change is worth it: write it into a copy of `training/relapse.toml`, `waystation train relapse --config FILE`, and
# `waystation promote relapse --config FILE`. The gate then judges it beside the champion on later rows.
