"""Why nothing is suggested for an entity, kept with a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "why",
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("run", name="pk_why"),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_why_run"),
    )
