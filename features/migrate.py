"""The revision of a store's tables, and the way from an older revision to the newest."""

from pathlib import Path

import sqlalchemy as sa

from features.errors import StoreError
from features.tables import REVISION

SCRIPTS = Path(__file__).parent / "migrations"


def is_current(connection: sa.Connection) -> bool:
    """Whether the tables are those this version uses; StoreError when a newer version made them."""
    found = revision(connection)
    if found is not None and found > REVISION:
        raise StoreError(
            f"the store was made by a newer version (tables {found}, this version knows {REVISION}); "
            "install that version, or open another store."
        )
    return found == REVISION


def revision(connection: sa.Connection) -> str | None:
    """The revision of the tables, None where there are none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def bring_to(connection: sa.Connection, wanted: str = REVISION) -> None:
    """Run the migrations up to a revision, within the transaction of the connection."""
    from alembic import command  # only a new or an old store needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, wanted)
