"""The steps by which a history store reaches its present tables (Alembic, run by features.store)."""
