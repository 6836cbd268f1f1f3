"""Where the home is, for the times of sunrise and sunset."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the two columns; a home of which it is not known yet has none."""
    op.add_column("home", sa.Column("latitude", sa.Double))
    op.add_column("home", sa.Column("longitude", sa.Double))
