"""``automation``: patterns as automations of the home; one function an action."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich import box
from rich.table import Table

from src.analysis.deploying import Deployments
from src.analysis.deployment_status import DeploymentStatus
from src.analysis.following_up import FollowUps
from src.analysis.home_view import client_of
from src.analysis.previews import Preview
from src.automations.spelling import yaml_of
from src.commands.stored import open_store
from src.domain.instants import instant_now
from src.settings import load_settings
from src.terminal import Terminal


def run_automations(options: argparse.Namespace, terminal: Terminal) -> None:
    """Carry out ``options.action``.

    Raises:
        NotFound: no such pattern. AutomationError. HomeAssistantError. StoreError. InvalidSetting.
    """
    settings = load_settings()
    home_assistant = client_of(settings)
    store = open_store(settings)
    try:
        follow_ups = FollowUps(store, instant_now)
        deployments = Deployments(store, lambda: home_assistant, instant_now, follow_up=follow_ups.of)
        time_zone = settings.tz or store.events.time_zone() or "UTC"
        if options.action == "preview":
            _preview(deployments.preview(options.pattern), terminal)
            return
        deployments.tend()
        if options.action == "list":
            _list(deployments.all(), time_zone, terminal)
        elif options.action == "deploy":
            status = deployments.deploy(options.pattern, enabled=options.enabled, confirm=options.confirm)
            _status(status, time_zone, terminal)
        elif options.action == "rollback":
            _status(deployments.rollback(options.pattern, outright=options.outright), time_zone, terminal)
        else:
            _status(deployments.status(options.pattern), time_zone, terminal)
    finally:
        store.close()


def _preview(preview: Preview, terminal: Terminal) -> None:
    # The YAML alone on stdout, so that it can go into a file.
    terminal.result(preview.to_json(), yaml_of(preview.made.config).rstrip("\n"))
    for sentence in (preview.unchecked, *preview.made.warnings):
        if sentence is not None:
            terminal.warn(sentence)
    for finding in preview.made.findings:
        terminal.say(f"{'Refused' if finding.blocks else 'Note'}: {finding.message} {finding.remedy}".rstrip())
    if preview.confirmations:
        terminal.say(f"To allow it: {' '.join(f'--confirm {each}' for each in preview.confirmations)}")


def _status(status: DeploymentStatus, time_zone: str, terminal: Terminal) -> None:
    terminal.result(status.to_json(time_zone), _table([status], time_zone))
    for note in status.notes:
        terminal.say(note)
    if status.differences and not terminal.as_json:
        terminal.say(status.differences)
    if status.follow_up is not None:
        terminal.say(status.follow_up.sentence)


def _list(statuses: Sequence[DeploymentStatus], time_zone: str, terminal: Terminal) -> None:
    terminal.result({"automations": [each.to_json(time_zone) for each in statuses]}, _table(statuses, time_zone))
    if not statuses:
        terminal.say("No pattern was deployed yet.")


def _table(statuses: Sequence[DeploymentStatus], time_zone: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column("Pattern", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("On", no_wrap=True)
    table.add_column("Version", justify="right", no_wrap=True)
    table.add_column("Last fired", no_wrap=True)
    table.add_column("In Home Assistant", overflow="fold")
    for each in statuses:
        record = each.record
        table.add_row(
            each.pattern_id,
            "not deployed" if each.state is None else str(each.state),
            {True: "on", False: "off", None: ""}[each.enabled],
            "" if record is None or record.version is None else str(record.version),
            (each.last_fired(time_zone) or "")[:16].replace("T", " "),
            each.entity_id or "",
        )
    return table
