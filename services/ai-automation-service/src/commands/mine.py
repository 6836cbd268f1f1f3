"""``mine``: a file in, routines out; no model, no database, no setting of the environment."""

from __future__ import annotations

from src.commands.reading import Reading, by_size, span_of
from src.domain.patterns import Json
from src.domain.position import placed
from src.terminal import Terminal


def mine_file(reading: Reading, terminal: Terminal, *, explain: bool = False) -> None:
    """Print what the miner finds in a file. The same file gives the same bytes.

    Args:
        explain: also print, for every entity without a routine, why it has none.

    Raises:
        InputError: what is wrong with the file or the arguments.
    """
    from src.analysis.explanations import explained
    from src.analysis.provenance import entity_count
    from src.analysis.remarks import remarks
    from src.analysis.sentences import describe
    from src.history import read_history
    from src.mining import mine
    from src.routine_tables import home_line, left_out_line, patterns_table, whys_table

    reading.check()
    with terminal.progress() as progress:
        read = read_history(reading.file, time_zone=reading.time_zone, entities=reading.entities, progress=progress)
        log = placed(reading.cut(read.log), reading.place())
        mined = mine(log, kinds=reading.kinds, progress=progress)
    patterns = [pattern.with_(sentence=describe(pattern, log.info)) for pattern in mined.patterns]
    left_out = by_size(read.skipped, mined.left_out)
    warnings = [*read.warnings, *remarks(mined)]
    value: Json = {
        "events": len(log),
        "entities": entity_count(log),
        "span": span_of(log),
        "patterns": [pattern.to_json() for pattern in patterns],
        "left_out": left_out,
        "tested": mined.tested,
        "warnings": warnings,
    }
    whys = explained(mined.whys, log.info) if explain else ()
    if explain:
        value["whys"] = [why.to_json() for why in whys]
    for warning in warnings:
        terminal.warn(warning)
    terminal.result(
        value,
        home_line(value["events"], value["entities"], value["span"]),
        left_out_line(left_out),
        patterns_table(patterns),
        *([whys_table(whys)] if explain else []),
    )
