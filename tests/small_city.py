"""A home with a small invented city taken in, made once for a test session."""

from datetime import date

from features.home import Home
from features.intake import ingest
from features.store import Store
from training import city

UNTIL = date(2025, 12, 31)
PERSONS = 300

RELAPSE = """
name = "relapse-small"
resamples = 40

[label]
horizon_days = 90
reporting_lag_days = 21

[as_of]
every_days = 45

[features]
lookbacks_days = [30, 90]
contacts = ["check_in"]

[fit]
calibration_folds = 2
refits = 4

[growth]
rounds = 40
learning_rate = 0.1
num_leaves = 4

[split]
by = "time"
origins = 2

[gate] # the feedback has a test of its own
items = ["sound", "features", "card", "fresh", "newer", "baselines", "later", "calibration", "groups", "leak"]
"""


def make(folder):
    """A home in `folder`, and in it `relapse.toml`, a small task."""
    home = Home(folder)
    home.settle()
    city.write(city.build(persons=PERSONS, years=3, seed=11, until=UNTIL), folder / "city")
    with Store.open(home.store_url) as store:
        ingest(folder / "city", store, backfill=True, received_on=UNTIL)
    (folder / "relapse.toml").write_text(RELAPSE)
    return home
