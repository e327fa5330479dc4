"""Alembic's entry: runs the migrations on the connection, and in the transaction, it is handed."""

from __future__ import annotations

from alembic import context

from blocker.catalogue.model import Base
from blocker.catalogue.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
