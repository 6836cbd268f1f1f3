"""The automations that were made of patterns, and every form of them that was written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "deployment",
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("automation", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("target", sa.Integer),
        sa.Column("guarded", sa.BigInteger),
        sa.Column("entity_id", sa.Text),
        sa.Column("checked", sa.BigInteger),
        sa.PrimaryKeyConstraint("pattern", name="pk_deployment"),
        sa.UniqueConstraint("automation", name="uq_deployment_automation"),
        sa.ForeignKeyConstraint(["pattern"], ["pattern.id"], name="fk_deployment_pattern"),
    )
    op.create_table(
        "deployment_version",
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("config", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("replaces", sa.Integer),
        sa.PrimaryKeyConstraint("pattern", "number", name="pk_deployment_version"),
        sa.ForeignKeyConstraint(["pattern"], ["deployment.pattern"], name="fk_deployment_version_pattern"),
    )
