"""The name of a station in the reader's language."""

from features.tables import STORED, current
from serving.store_answers import store_answers
from serving.ui.view import View

STATIONS = STORED["stations"]


def station_name(view: View, station_id: str) -> str:
    """The name by the list of stations; the id where the list has none."""
    query = current("stations").where(STATIONS.c.station_id == station_id)
    with store_answers(), view.desk.histories.store().reading() as connection:
        row = connection.execute(query).mappings().first()
    name = row and row["name_en" if view.language == "en" else "name_zh"]
    return str(name or station_id)
