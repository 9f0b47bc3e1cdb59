"""Alembic's entry: runs the migrations on the connection that features.store hands over, in its transaction."""

from alembic import context

from features.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
