"""The first store: batches, the six tables of the contract, quarantine."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "batches",
        sa.Column("batch_no", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("batch_id", sa.Text(), unique=True, nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("received_on", sa.BigInteger(), nullable=False),
        sa.Column("state_digest", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
    )
    op.create_table(
        "quarantine",
        sa.Column("fault_key", sa.Text(), primary_key=True),
        sa.Column("batch_no", sa.Integer(), sa.ForeignKey("batches.batch_no"), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
    )
    op.create_table(
        "persons",
        sa.Column("person_id", sa.Text(), primary_key=True),
        sa.Column("display_name", sa.Text()),
        sa.Column("sex", sa.Text()),
        sa.Column("birth_year", sa.BigInteger()),
        sa.Column("ethnicity", sa.Text()),
        sa.Column("household_register", sa.Text()),
        sa.Column("education", sa.Text()),
        sa.Column("first_use_year", sa.BigInteger()),
        sa.Column("primary_substance", sa.Text()),
        sa.Column("registered_on", sa.BigInteger(), nullable=False),
        sa.Column("extra", sa.Text()),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch_no", sa.Integer(), sa.ForeignKey("batches.batch_no"), primary_key=True, autoincrement=False),
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.Text(), primary_key=True),
        sa.Column("revision", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("retracted", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.BigInteger(), nullable=False),
        sa.Column("known_on", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("substance", sa.Text()),
        sa.Column("value", sa.Double()),
        sa.Column("station_id", sa.Text()),
        sa.Column("township_id", sa.Text()),
        sa.Column("note_code", sa.Text()),
        sa.Column("extra", sa.Text()),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch_no", sa.Integer(), sa.ForeignKey("batches.batch_no"), nullable=False),
    )
    op.create_table(
        "stations",
        sa.Column("station_id", sa.Text(), primary_key=True),
        sa.Column("name_zh", sa.Text()),
        sa.Column("name_en", sa.Text()),
        sa.Column("township_id", sa.Text()),
        sa.Column("social_workers", sa.BigInteger()),
        sa.Column("opened_on", sa.BigInteger()),
        sa.Column("extra", sa.Text()),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch_no", sa.Integer(), sa.ForeignKey("batches.batch_no"), primary_key=True, autoincrement=False),
    )
    op.create_table(
        "areas",
        sa.Column("area_id", sa.Text(), primary_key=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text()),
        sa.Column("name_zh", sa.Text()),
        sa.Column("name_en", sa.Text()),
        sa.Column("population", sa.BigInteger()),
        sa.Column("geometry", sa.Text()),
        sa.Column("extra", sa.Text()),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch_no", sa.Integer(), sa.ForeignKey("batches.batch_no"), primary_key=True, autoincrement=False),
    )
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Text(), primary_key=True),
        sa.Column("occurred_on", sa.BigInteger(), nullable=False),
        sa.Column("known_on", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("longitude", sa.Double()),
        sa.Column("latitude", sa.Double()),
        sa.Column("area_id", sa.Text()),
        sa.Column("extra", sa.Text()),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch_no", sa.Integer(), sa.ForeignKey("batches.batch_no"), nullable=False),
    )
    op.create_table(
        "effort",
        sa.Column("area_id", sa.Text(), primary_key=True),
        sa.Column("week", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("known_on", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("tests", sa.BigInteger()),
        sa.Column("contacts", sa.BigInteger()),
        sa.Column("extra", sa.Text()),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch_no", sa.Integer(), sa.ForeignKey("batches.batch_no"), nullable=False),
    )
    op.create_index("events_by_person", "events", ["person_id"])
