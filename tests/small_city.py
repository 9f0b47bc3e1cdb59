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

[statements]
funding = "无：虚构城市。"
interests = "无：虚构城市。"
registration = "未注册：虚构城市。"
ethics = "无需审批：人员均为虚构。"
involvement = "无：人员均为虚构。"
contact = "无：虚构城市。"

[statements_en]
funding = "None: the city is invented."
ethics = "Not needed: everyone is invented."

[gate] # of so few persons no figure is sure; the items that judge figures are tested on a larger city
items = ["sound", "features", "card", "fresh", "newer", "leak"]
"""


def make(folder, persons=PERSONS):
    """A home in `folder`, and in it `relapse.toml`, a small task."""
    home = Home(folder)
    home.settle()
    city.write(city.build(persons=persons, years=3, seed=11, until=UNTIL), folder / "city")
    with Store.open(home.store_url) as store:
        ingest(folder / "city", store, backfill=True, received_on=UNTIL)
    (folder / "relapse.toml").write_text(RELAPSE)
    return home
