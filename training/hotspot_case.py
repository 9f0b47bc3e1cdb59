"""The case the gate of a hotspot model looks at, put together from a home."""

from features.home import Home
from features.hotspot import Places
from models.artifact import Artifact
from training.case import ages_of
from training.hotspot_config import HotspotConfig
from training.hotspot_gate import Case, Feedback
from training.material import snapshot_of


def hotspot_case_of(
    home: Home, challenger: Artifact, champion: Artifact | None, config: HotspotConfig, feedback: Feedback | None
) -> Case:
    """The case of a challenger in a home; `feedback` is the simulation, where there is a simulator."""
    snapshot = snapshot_of(home, lambda _: None, needed="incidents")
    places = Places(snapshot.read("incidents"), snapshot.read("areas"), snapshot.read("effort"))
    last_day = int(places.incidents["known_on"].max())
    return Case(config, challenger, champion, ages_of(home, challenger, champion, last_day), places, feedback)
