"""The ledger of promotions, refusals and rollbacks, which nobody may change or cut."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXTS = (
    "promoted_at", "who", "decision", "why", "compared",
    "name", "task", "tag", "digest", "run", "snapshot", "link_before",
)  # fmt: skip
REFUSED = "the ledger is append-only"
SQLITE = "CREATE TRIGGER decisions_keep_{what} BEFORE {act} ON decisions BEGIN SELECT RAISE(ABORT, '{refused}'); END"
REFUSE = (
    f"CREATE FUNCTION decisions_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
)
KEEP = (
    "CREATE TRIGGER decisions_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions "
    "FOR EACH STATEMENT EXECUTE FUNCTION decisions_keep()"
)


def upgrade():
    op.create_table(
        "decisions",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("link", sa.Text(), unique=True, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        guards = [REFUSE, KEEP]
    else:
        acts = (("what_is", "UPDATE"), ("all", "DELETE"))
        guards = [SQLITE.format(what=what, act=act, refused=REFUSED) for what, act in acts]
    for guard in guards:
        op.execute(guard)
