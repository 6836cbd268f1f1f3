"""The first tables.

Never changed: databases in people's homes were made by it. What is to be different comes in a revision of its own,
and ``schema.py`` says what all of them together make.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _make_history()
    _make_results()
    op.create_table(
        "embedding",
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("dims", sa.Integer, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("model", "digest", name="pk_embedding"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "probe",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_probe"),
    )


def _make_history() -> None:
    op.create_table(
        "home",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_home"),
    )
    op.create_table(
        "entity",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("entity_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("area", sa.Text),
        sa.Column("device_class", sa.Text),
        sa.Column("unit", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_entity"),
        sa.UniqueConstraint("entity_id", name="uq_entity_entity_id"),
    )
    op.create_table(
        "state_text",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_state_text"),
        sa.UniqueConstraint("digest", name="uq_state_text_digest"),
    )
    op.create_table(
        "event",
        sa.Column("time", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("entity", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("state", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("origin", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("time", "entity", "state", name="pk_event"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "source",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_source"),
    )


def _make_results() -> None:
    run = op.create_table(
        "run",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("night", sa.Text),
        sa.Column("stage", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.JSON, nullable=False)
            for name in ("request", "inputs", "versions", "counts", "timings", "left_out")
        ),
        sa.Column("error", sa.JSON),
        sa.PrimaryKeyConstraint("number", name="pk_run"),
        sa.UniqueConstraint("id", name="uq_run_id"),
    )
    succeeded_at_night = sa.and_(run.c.state == "succeeded", run.c.trigger == "nightly")
    op.create_index(
        "uq_run_succeeded_night",
        "run",
        ["night"],
        unique=True,
        sqlite_where=succeeded_at_night,
        postgresql_where=succeeded_at_night,
    )
    op.create_index("ix_run_state", "run", ["state"])
    op.create_table(
        "pattern",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("first_run", sa.Text, nullable=False),
        sa.Column("last_run", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pattern"),
        sa.ForeignKeyConstraint(["first_run"], ["run.id"], name="fk_pattern_first_run"),
        sa.ForeignKeyConstraint(["last_run"], ["run.id"], name="fk_pattern_last_run"),
    )
    op.create_index("ix_pattern_position", "pattern", ["position"])
    op.create_table(
        "shortlist",
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("interest", sa.Text, nullable=False),
        sa.Column("patterns", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("run", "position", name="pk_shortlist"),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_shortlist_run"),
    )
