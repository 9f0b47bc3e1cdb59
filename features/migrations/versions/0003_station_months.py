"""The months of stations; the next batch closes those that were over before this migration, and an index for that."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

COUNTS = (
    "persons", "social_workers", "tests_given", "positive_tests", "withheld_tests", "contacts_kept", "contacts_missed",
)  # fmt: skip


def upgrade():
    op.create_table(
        "station_months",
        sa.Column("station_id", sa.Text(), primary_key=True),
        sa.Column("month", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("closed_on", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in COUNTS),
        sa.Column("extra", sa.Text()),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch_no", sa.Integer(), sa.ForeignKey("batches.batch_no"), primary_key=True, autoincrement=False),
    )
    op.create_index("events_by_day", "events", ["occurred_on"])
