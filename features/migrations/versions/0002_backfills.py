"""Batches say whether their declared days of knowledge were trusted; of batches taken in before, nobody noted it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("batches", sa.Column("backfill", sa.Boolean(), nullable=True))
