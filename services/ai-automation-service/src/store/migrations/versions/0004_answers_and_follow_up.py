"""What people answer, what automations did, and what Home Assistant says of its entities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables and the two columns; a pattern from before has neither correction nor date."""
    op.create_table(
        "answer",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("given", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("correction", sa.JSON(none_as_null=True)),
        sa.Column("form", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_answer"),
    )
    op.create_index("ix_answer_pattern", "answer", ["pattern"])
    op.create_table(
        "firing",
        sa.Column("automation", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("automation", "time", name="pk_firing"),
    )
    op.create_table(
        "described_entity",
        sa.Column("entity_id", sa.Text, nullable=False),
        sa.Column("labels", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("left_out", sa.Text),
        sa.PrimaryKeyConstraint("entity_id", name="pk_described_entity"),
    )
    op.add_column("pattern", sa.Column("correction", sa.JSON(none_as_null=True)))
    op.add_column("pattern", sa.Column("until", sa.BigInteger))
