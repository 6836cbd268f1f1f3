"""How far models are, as people see it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.progress import Progress

from src.commands.model_progress import Bars, Lines, line, showing, watching
from src.models.download.board import Download, DownloadBoard
from src.terminal import Terminal

FETCHING = Download(
    name="embedding",
    model="tiny/embedding",
    stage="downloading",
    source="hub tiny/embedding@main",
    file="model.safetensors",
    bytes_done=41_900_000,
    bytes_total=91_300_000,
    bytes_per_second=5_200_000.0,
    seconds_left=9.5,
)


@pytest.mark.parametrize(
    ("download", "said"),
    [
        (FETCHING, "embedding: downloading model.safetensors, 41.9 of 91.3 MB, 5.2 MB/s, 10 s left"),
        (replace(FETCHING, bytes_total=None, seconds_left=None, attempt=2), "41.9 MB, 5.2 MB/s, attempt 2"),
        (replace(FETCHING, stage="verifying"), "embedding: verifying model.safetensors"),
        (replace(FETCHING, stage="converting"), "embedding: converting"),
        (replace(FETCHING, stage="done"), "embedding: done"),
        (Download("a", "m", "waiting", message="process 7 is preparing it"), "a: waiting, process 7 is preparing it"),
        (Download("a", "m", "failed", message="no hub"), "a: failed, no hub"),
    ],
    ids=["downloading", "of unknown size", "verifying", "converting", "done", "waiting", "failed"],
)
def test_a_line_for_people(download: Download, said: str) -> None:
    told = line(download)
    assert told.endswith(said)
    assert told.startswith(f"{download.name}: {download.stage}")


def test_lines_come_when_something_begins_and_every_five_seconds_between() -> None:
    said: list[str] = []
    now = 0.0
    lines = Lines(said.append, lambda: now)
    for moment, done in ((0.0, 0), (1.0, 1), (4.9, 2), (5.0, 3), (9.0, 4), (10.0, 5)):
        now = moment
        lines(replace(FETCHING, bytes_done=done * 10_000_000))
    assert ["0.0 of" in said[0], "30.0 of" in said[1], "50.0 of" in said[2]] == [True] * 3
    assert len(said) == 3
    lines(replace(FETCHING, attempt=2))
    lines(replace(FETCHING, stage="converting"))
    lines(replace(FETCHING, name="reranker"))
    assert len(said) == 6


def test_a_watched_board_shows_its_last_state_before_the_watching_ends() -> None:
    board = DownloadBoard()
    seen: list[Download] = []
    board.post(replace(FETCHING, name="before"))
    with watching(board, seen.append):
        board.post(FETCHING)
        board.post(replace(FETCHING, stage="done"))
    assert seen[-1].stage == "done"
    assert {download.name for download in seen} == {"embedding"}


def test_a_watched_board_shows_its_last_state_even_when_the_work_fails() -> None:
    board = DownloadBoard()
    seen: list[Download] = []

    def work() -> None:
        with watching(board, seen.append):
            board.post(replace(FETCHING, stage="failed"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert [download.stage for download in seen] == ["failed"]


def test_without_a_terminal_there_are_lines_on_stderr() -> None:
    out, err = io.StringIO(), io.StringIO()
    board = DownloadBoard()
    with showing(board, Terminal(stdout=out, stderr=err)):
        board.post(FETCHING)
    assert err.getvalue() == line(FETCHING) + "\n"
    assert out.getvalue() == ""


def test_on_a_terminal_there_is_a_bar_a_model_with_amount_rate_and_time_left() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=160, color_system=None)
    progress = Progress(console=console, auto_refresh=False)
    bars = Bars(progress)
    bars(FETCHING)
    bars(replace(FETCHING, name="reranker", stage="converting"))
    bars(replace(FETCHING, bytes_done=50_000_000))
    first, second = progress.tasks
    assert (first.description, first.completed, first.total) == ("embedding", 50_000_000, 91_300_000)
    assert first.fields["amounts"] == "50.0 of 91.3 MB, 5.2 MB/s, 10 s left"
    assert (second.description, second.total, second.fields["doing"]) == ("reranker", None, "converting")


def test_bars_are_drawn_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    err = io.StringIO()
    terminal = Terminal(stdout=io.StringIO(), stderr=err)
    terminal.err = Console(file=err, force_terminal=True, width=160)
    board = DownloadBoard()
    with showing(board, terminal):
        board.post(FETCHING)
    assert "41.9 of 91.3 MB" in err.getvalue()
