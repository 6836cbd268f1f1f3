"""What Alembic runs: every step inside the transaction that the store has begun, and no other."""

from __future__ import annotations

from alembic import context

from src.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
