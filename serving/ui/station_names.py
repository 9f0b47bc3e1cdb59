"""The name of a station in the reader's language."""

import sqlalchemy as sa

from features.errors import StoreError
from features.tables import STORED, current
from serving.problems import ProblemError
from serving.ui.view import View

STATIONS = STORED["stations"]


def station_name(view: View, station_id: str) -> str:
    """The name by the list of stations; the id where the list has none."""
    query = current("stations").where(STATIONS.c.station_id == station_id)
    try:
        with view.desk.histories.store().reading() as connection:
            row = connection.execute(query).mappings().first()
    except (StoreError, sa.exc.SQLAlchemyError):
        raise ProblemError("store_unavailable") from None
    name = row and row["name_en" if view.language == "en" else "name_zh"]
    return str(name or station_id)
