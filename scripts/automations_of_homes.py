"""Every routine that the miner finds in simulated homes, as an automation: how many can be written, and all of them.

    python scripts/automations_of_homes.py --out FOLDER [--homes 60] [--jobs 2] [--patterns FILE] [--services FILE]
    PYTHON-WITH-HOME-ASSISTANT scripts/validate_automations.py FOLDER/*-2024.3.jsonl
    PYTHON-WITH-HOME-ASSISTANT scripts/validate_automations.py FOLDER/*-2026.11.jsonl

Half of the homes are hard ones (see ``scripts/evaluate.py``). ``FOLDER`` gets the automations and the blueprints in the
words of both versions, for Home Assistant's own validator. ``--patterns`` keeps what was mined, which takes longest.
``--services`` is what a Home Assistant answers to ``get_services``; with it each automation is also checked against the
entities of its home and those services.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.evaluation.workers import HomeTask, each
from src.analysis.sentences import describe
from src.automations.blueprints import blueprint_of, use_blueprint_of
from src.automations.checks import check
from src.automations.draft import Draft
from src.automations.drafting import draft
from src.automations.spelling import Release, canonical, config_of
from src.domain.home import Home, HomeEntity
from src.domain.patterns import Json, Pattern
from src.errors import NotAutomatable
from src.home_assistant.services import services_of
from src.mining import mine
from src.simulation.households import household

RELEASES: tuple[Release, ...] = ((2024, 3), (2026, 11))


def mined(task: HomeTask) -> Json:
    """A home and its patterns, as JSON."""
    log = household(task.seed, task.days, task.entities, hard=task.hard).log
    last = dict(zip(log.entity.tolist(), log.state.tolist(), strict=True))
    patterns = [pattern.with_(sentence=describe(pattern, log.info)) for pattern in mine(log).patterns]
    return {
        "seed": task.seed,
        "hard": task.hard,
        "time_zone": log.time_zone,
        "entities": [
            {
                "entity_id": about.entity_id,
                "name": about.name,
                "area": about.area,
                "device_class": about.device_class,
                "unit": about.unit,
                "state": log.states[last[code]] if code in last else None,
            }
            for code, about in enumerate(map(log.about, log.entities))
        ],
        "patterns": [pattern.to_json() for pattern in patterns],
    }


def homes(options: argparse.Namespace) -> Iterator[Json]:
    """The mined homes: kept ones, where there is a file of them."""
    if options.patterns is not None and options.patterns.is_file():
        yield from map(json.loads, options.patterns.read_text("utf-8").splitlines())
        return
    seeds = range(options.first, options.first + options.homes // 2)
    tasks = [HomeTask(seed, options.days, options.entities, hard) for hard in (False, True) for seed in seeds]
    found = []
    for home in each(mined, tasks, options.jobs):
        found.append(json.dumps(home))
        yield home
    if options.patterns is not None:
        options.patterns.write_text("".join(f"{line}\n" for line in found), "utf-8")


def home_of(value: Json, services: Json) -> Home:
    """A simulated home as a Home Assistant would describe it, which has a sun and a zone of its own."""
    entities = {entity["entity_id"]: HomeEntity(**entity) for entity in value["entities"]}
    persons = [entity for entity in entities.values() if entity.domain == "person"]
    at_home = sum(person.state == "home" for person in persons)
    entities["zone.home"] = HomeEntity("zone.home", "Home", state=str(at_home))
    entities.setdefault("sun.sun", HomeEntity("sun.sun", "Sun", state="below_horizon"))
    return Home("2024.3.3", time_zone=value["time_zone"], entities=entities, services=services_of(services))


class Tally:
    """What became of the patterns, by kind."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files = {
            (what, release): (folder / f"{what}-{release[0]}.{release[1]}.jsonl").open("w", encoding="utf-8")
            for what in ("automations", "blueprints")
            for release in RELEASES
        }
        self.counts: Counter[tuple[str, str]] = Counter()
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.findings: Counter[tuple[str, bool]] = Counter()

    def take(self, pattern: Pattern, home: Home) -> None:
        """Draft one pattern and write it down."""
        kind = str(pattern.kind)
        self.counts[kind, "found"] += 1
        try:
            drafted = draft(pattern, home)
        except NotAutomatable as reason:
            self.reasons[kind, reason.message.partition(": ")[2]] += 1
            return
        self.counts[kind, "written"] += 1
        assert canonical(config_of(drafted, RELEASES[0])) == canonical(config_of(drafted, RELEASES[1]))
        if home.services:
            self._checked(kind, drafted, home)
        for release in RELEASES:
            self._files["automations", release].write(json.dumps(config_of(drafted, release)) + "\n")
            blueprint, use = blueprint_of(drafted, release), use_blueprint_of(drafted, release)
            if blueprint is not None:
                entry = {"automation": use, "blueprint": blueprint}
                self._files["blueprints", release].write(json.dumps(entry) + "\n")
        self.counts[kind, "blueprint"] += blueprint_of(drafted, RELEASES[0]) is not None

    def _checked(self, kind: str, drafted: Draft, home: Home) -> None:
        found = check(drafted, home)
        for finding in found:
            self.findings[finding.code, finding.blocks] += 1
        self.counts[kind, "nothing against it"] += not any(finding.blocks for finding in found)

    def close(self) -> None:
        """Everything is written when this is called."""
        for file in self._files.values():
            file.close()

    def table(self) -> str:
        """Counts by kind, then why some were not written, then what the checks said."""
        columns = ("found", "written", "blueprint", "nothing against it")
        kinds = sorted({kind for kind, _ in self.counts})
        lines = [f"| kind | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
        lines += [f"| {kind} | {' | '.join(str(self.counts[kind, each]) for each in columns)} |" for kind in kinds]
        totals = [str(sum(self.counts[kind, each] for kind in kinds)) for each in columns]
        lines.append(f"| all | {' | '.join(totals)} |")
        lines += [f"not written, {kind}: {count} times, {why}" for (kind, why), count in self.reasons.most_common()]
        lines += [
            f"{'refused' if blocks else 'remark'}: {count} times {code}"
            for (code, blocks), count in self.findings.most_common()
        ]
        return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--homes", type=int, default=60)
    parser.add_argument("--first", type=int, default=20_000, help="seed of the first home")
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--entities", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--patterns", type=Path, help="file to keep what was mined in, or to take it from")
    parser.add_argument("--services", type=Path, help="JSON of a Home Assistant's get_services")
    return parser.parse_args()


def main() -> int:
    """Print the table."""
    options = _options()
    services = json.loads(options.services.read_text("utf-8")) if options.services is not None else {}
    tally = Tally(options.out)
    for value in homes(options):
        home = home_of(value, services)
        for pattern in value["patterns"]:
            tally.take(Pattern.from_json(pattern), home)
    tally.close()
    print(tally.table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
