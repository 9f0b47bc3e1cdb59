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
# # Why this score?
#
# The champion of a home, a person at high risk, and what adds up to that risk: `WAYSTATION_HOME=.waystation/demo
# .venv/bin/python notebooks/why_this_score.py` after `make demo`. No person is named.

# %%
import numpy as np
import pandas as pd
import shap

from features.asof import Visible
from features.catalogue import compute
from features.cohort import ELIGIBLE, why_not
from features.dictionary import dictionary
from features.home import Home
from models import artifact, champion
from models.calibration import sigmoid
from training.material import material
from training.promote import stored

home = Home.of_environment()
home.settle()
answering = champion.read(home.champions, "relapse-90d")
assert answering, "no model is promoted in this home; see the README, or run `make demo` first"
model = artifact.relapse_of(stored(home, answering))
records = material(home, print)

# %% [markdown]
# ## Everyone who may be scored today
# "Today" is the last day of the records. Whoever may not be scored has a reason for that, and gets no number.

# %%
everyone = pd.DataFrame({"person_id": records.history.person_ids, "as_of": records.last_day})
whys = pd.Series(why_not(Visible.at(records.history, everyone), model.cohort))
print(whys.replace(ELIGIBLE, "may be scored").value_counts())
scored = everyone[(whys == ELIGIBLE).to_numpy()].reset_index(drop=True)
table = compute(records.history, scored, model.features)
risk = model.risk(table)

# %% [markdown]
# ## One score, taken apart
# Log-odds add up where probabilities do not: base (the mean over the rows learned from) plus what each feature adds is the
# log-odds of the risk, to the last digit that is told. A score for which this does not hold is never given.

# %%
parts = model.contributions(table)
person = int(np.argmax(risk))
print(f"risk {risk[person]:.1%}, base {sigmoid(parts.base[person : person + 1])[0]:.1%}")
assert np.isclose(parts.base[person] + parts.by_feature[person].sum(), model.log_odds(table)[person], atol=1e-6)

meaning = {entry.name: entry.meaning for entry in dictionary(model.features, "en")}
for place in parts.strongest(person, 8):
    name = model.columns[place]
    print(f"{parts.by_feature[person, place]:+.2f}  {name} = {table[name].iloc[person]:.4g}: {meaning[name]}")
rest = parts.by_feature[person].sum() - sum(parts.by_feature[person, place] for place in parts.strongest(person, 8))
print(f"{rest:+.2f}  all {len(model.columns) - 8} others together")

# %% [markdown]
# A reason is a share of an estimate and no cause. Features that say much the same share what they add: five windows of
# positive tests may each add a little. Added up by family the picture is steadier:

# %%
families = [feature.definition.family for feature in model.features]
print(
    pd.Series(parts.by_feature[person]).groupby(families).sum().sort_values(key=abs, ascending=False).round(2).head(8)
)

# %% [markdown]
# ## How sure is it?
# The interval is about the risk of people with such a history: how far models fitted on other samples of persons would lie
# apart. It says nothing of what this one person will do, which nobody knows.

# %%
interval = model.interval(table, model.log_odds(table))
if interval:
    print(f"95 % interval {interval.low[person]:.1%} to {interval.high[person]:.1%}")
    print("typical width:", np.round(np.median(interval.high - interval.low), 3))

# %% [markdown]
# ## What changed in three months?
# The same model on two dates: differences of the shares, and with them the difference of the scores, add up as well.

# %%
before = compute(records.history, scored.iloc[[person]].assign(as_of=records.last_day - 90), model.features)
change = parts.by_feature[person] - model.contributions(before).by_feature[0]
print(f"log-odds {model.log_odds(before)[0]:+.2f} then, {parts.total[person]:+.2f} now")
for place in np.argsort(-np.abs(change), kind="stable")[:5]:
    name = model.columns[place]
    print(f"{change[place]:+.2f}  {name}: {before[name].iloc[0]:.4g} -> {table[name].iloc[person]:.4g}")

# %% [markdown]
# ## The same from the shap package
# Contributions are LightGBM's own (exact TreeSHAP), times the slope of the calibration. The shap package agrees; where a
# model has a linear part beside its trees, that part has its own share, which is added.

# %%
sample = table.iloc[:100]
trees = np.asarray(shap.TreeExplainer(model.booster).shap_values(sample)) * (1 - model.linear_share)
if model.linear is not None:
    trees += model.linear_share * model.linear.contributions(sample.to_numpy(dtype=np.float64))
assert np.allclose(trees * model.calibration.slope, model.contributions(sample).by_feature, atol=1e-6)

# %% [markdown]
# ## What the model goes by on the whole
# Mean size of the share over all persons scored. High here and absent from one person's reasons is no contradiction.

# %%
whole = pd.Series(np.abs(parts.by_feature).mean(axis=0), index=model.columns).sort_values(ascending=False)
print(whole.head(10).round(3))
