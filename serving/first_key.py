"""The key the demo asks with: that of a worker at the station of the person it asks about."""

from datetime import datetime, timedelta

from features.errors import ArtifactError
from features.home import Home
from features.store import Store
from serving.access import granted, open_grants
from serving.grants import Asked
from serving.stations import station_of

GOOD_FOR = timedelta(days=2)
NAME = "demo"


def key_of_a_worker(home: Home, person_id: str, *, now: datetime) -> str:
    """A new key; those of earlier runs of the demo are no longer good."""
    grants = open_grants(home)
    for each in grants.all():
        if each.name == NAME and each.revoked_at is None:
            grants.revoke(each.key_id, now=now)
    with Store.open(home.store_url) as store:
        station = station_of(store, person_id, today=now.date())
    if station is None:
        raise ArtifactError("demo: no record says which station has the person; delete the demo's home, run it again.")
    return granted(home, Asked("station_worker", station, NAME, (now + GOOD_FOR).date()), now=now)[0]
