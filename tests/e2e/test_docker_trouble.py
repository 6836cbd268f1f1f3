"""What the compose file's container does when it is stopped, starved, hung or doubled in the middle of its work."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.docker.home import a_lamp
from tests.docker.stack import SERVICE, Json, Stack

pytestmark = pytest.mark.heavy

NewStack = Callable[..., AbstractContextManager[Stack]]
# Looked at every second, so that a test need not wait for as long as a person can.
QUICK_CHECK = {"interval": "1s", "timeout": "2s", "retries": 2, "start_period": "60s", "start_interval": "1s"}
FETCH = ("python", "scripts/download-models.py")
KILLED = 128 + 9


@pytest.fixture(scope="module")
def shared_stack(new_stack: NewStack, demo: Path) -> Iterator[Stack]:
    """Up, with models and the demo home; every test that passes leaves it up and without a run under way."""
    with new_stack(changes={SERVICE: {"healthcheck": QUICK_CHECK}}) as stack:
        for file in (demo, demo.with_name("home.entities.csv")):
            copy = stack.folder / "history" / file.name
            copy.write_bytes(file.read_bytes())
            copy.chmod(0o644)
        stack.compose("up", "--detach", "--no-build", "hub")
        for command in (FETCH, ("python", "-m", "src.cli", "import", "/history/home.csv")):
            stack.compose("run", "--rm", "--no-deps", SERVICE, *command)
        stack.up()
        # The night before was missed, so it is made up for first; no later start does that again.
        stack.wait(lambda: stack.get("/runs")["latest_success"] is not None, "the run of the night")
        yield stack


@pytest.fixture
def stack(shared_stack: Stack) -> Stack:
    """Up and well, whatever became of it in the test before."""
    if shared_stack.state.get("Health", {}).get("Status") != "healthy":
        shared_stack.up()
    return shared_stack


def begun(stack: Stack) -> str:
    """Id of a run that mines at this moment."""
    run: str = stack.detect()["id"]
    stack.wait(lambda: stack.get(f"/runs/{run}")["stage"] in ("mine", "embed", "rerank"), f"run {run} to mine")
    assert stack.get(f"/runs/{run}")["state"] == "running"
    return run


def resumed(stack: Stack, run: str) -> Json:
    """The run that does an interrupted one again, once it has ended."""
    stack.wait(lambda: stack.get(f"/runs/{run}")["resumed_by"] is not None, f"run {run} to be resumed")
    return stack.ended(stack.get(f"/runs/{run}")["resumed_by"])


def test_a_stop_in_the_middle_of_a_run_takes_less_than_ten_seconds_and_the_run_is_resumed(stack: Stack) -> None:
    run = begun(stack)
    seconds = stack.stop()
    assert seconds < 10
    assert stack.state["ExitCode"] in (0, 128 + 15)
    stack.compose("start", SERVICE)
    stack.wait_for_health("healthy")
    assert stack.get(f"/runs/{run}")["error"]["code"] == "run_interrupted"
    again = resumed(stack, run)
    assert (again["state"], again["resumes"]) == ("succeeded", run)
    assert stack.patterns()


def test_a_process_that_hangs_is_unhealthy_until_it_goes_on(stack: Stack) -> None:
    send = (
        "import os, pathlib, signal, sys\n"
        "for each in pathlib.Path('/proc').glob('[0-9]*/cmdline'):\n"
        "    if b'src.cli\\0serve' in each.read_bytes() and int(each.parent.name) > 1:\n"
        "        os.kill(int(each.parent.name), getattr(signal, sys.argv[1]))\n"
    )
    stack.execute("python", "-c", send, "SIGSTOP")
    try:
        stack.wait_for_health("unhealthy")
    finally:
        stack.execute("python", "-c", send, "SIGCONT")
    stack.wait_for_health("healthy")


def test_under_load_it_stays_within_a_quarter_of_its_usual_memory(stack: Stack) -> None:
    limit(stack, 512)
    try:
        run = begun(stack)
        questions = [f"save energy at night, question {number}" for number in range(60)]
        with stack.client() as client, ThreadPoolExecutor(12) as people:
            answers = list(people.map(lambda text: ask(stack, client.base_url, text), questions))
        assert set(answers) <= {200, 429}
        assert answers.count(200) > 30
        assert stack.ended(run)["state"] == "succeeded"
        assert stack.events("oom") == []
        assert stack.state["RestartCount"] == 0
    finally:
        limit(stack, 2048)


def test_where_memory_runs_out_it_is_restarted_and_tells_which_run_was_cut_off(stack: Stack) -> None:
    before, used = stack.state["RestartCount"], used_megabytes(stack)
    stack.engine("update", "--cpu-quota", "30000", stack.project)  # of 100000: the run is not over before the memory is
    run = begun(stack)
    limit(stack, used + 40)
    # A file in /tmp is memory that nobody can take back; when there is none left, the kernel ends the largest process.
    stack.execute("dd", "if=/dev/zero", "of=/tmp/full", "bs=1M", "count=60", check=False)
    stack.wait(lambda: stack.state["RestartCount"] > before, "the container to be restarted")
    limit(stack, 2048)
    stack.engine("update", "--cpu-quota", "-1", stack.project)
    stack.wait(lambda: stack.execute("python", "scripts/healthcheck.py", check=False).code == 0, "an answer")
    cut_off = stack.ended(run)
    assert (cut_off["state"], cut_off["error"]["code"]) == ("failed", "run_interrupted")
    assert run in stack.logs()
    assert resumed(stack, run)["state"] == "succeeded"


def ask(stack: Stack, _: object, text: str) -> int:
    with stack.client() as client:
        return client.post("/patterns/search", json={"question": text}).status_code


def limit(stack: Stack, megabytes: int) -> None:
    stack.engine("update", "--memory", f"{megabytes}m", "--memory-swap", f"{megabytes}m", stack.project)


def used_megabytes(stack: Stack) -> int:
    """What the container holds now, pages of files that can be given up left out."""
    told = stack.engine("stats", "--no-stream", "--format", "{{.MemUsage}}", stack.project).out
    number, unit = told.split("/")[0].strip()[:-3], told.split("/")[0].strip()[-3:]
    assert unit in ("MiB", "GiB"), told
    return int(float(number) * (1024 if unit == "GiB" else 1))


def test_two_containers_on_one_volume_share_their_work(new_stack: NewStack) -> None:
    with new_stack() as stack:
        a_lamp(stack.folder / "history/home.csv")
        stack.up()
        stack.execute(*FETCH)
        stack.execute("python", "-m", "src.cli", "import", "/history/home.csv")
        name = f"{stack.project}-second"
        volumes = [
            part
            for volume, place in (("ai_automation_models", "/app/models"), ("ai_automation_data", "/data"))
            for part in ("-v", f"{stack.project}_{volume}:{place}")
        ]
        catalog = ["-v", f"{stack.folder / 'extra'}:/etc/proof:ro", "-e", "MODEL_CATALOG=/etc/proof/catalog.toml"]
        network = ["--network", f"{stack.project}_default"]
        stack.engine(
            "run", "-d", "--name", name, "--read-only", "--tmpfs", "/tmp", *volumes, *catalog, *network, stack.image
        )
        try:
            other = (
                "import json, sys, urllib.request as web\n"
                "body = json.dumps({'wait': True}).encode() if sys.argv[1] == '/patterns/detect' else None\n"
                "url, kind = 'http://127.0.0.1:8018' + sys.argv[1], {'Content-Type': 'application/json'}\n"
                "print(web.urlopen(web.Request(url, body, kind), timeout=60).read().decode())\n"
            )
            stack.wait(
                lambda: stack.engine("exec", name, "python", "-c", other, "/health", check=False).code == 0,
                "the second container to answer",
            )
            with ThreadPoolExecutor(2) as both:
                theirs = both.submit(stack.engine, "exec", name, "python", "-c", other, "/patterns/detect")
                ours = both.submit(stack.detect, wait=True)
                assert stack.ended(ours.result()["id"])["state"] == "succeeded"
                assert theirs.result().json["run"]["state"] == "succeeded"
            shown = stack.engine("exec", name, "python", "-c", other, "/patterns?limit=200").out
            assert {pattern["id"] for pattern in json.loads(shown)["patterns"]} == set(stack.patterns())
        finally:
            stack.engine("rm", "--force", name)
