"""Which interrupted run a run goes on with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("run", sa.Column("resumes", sa.Text))
    op.create_index("ix_run_resumes", "run", ["resumes"])
