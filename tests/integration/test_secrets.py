"""A life of the real service with passwords everywhere, and a search for them in all that it leaves behind.

Each server it talks to repeats in its refusals what it was sent. The search knows each secret as it is, in halves,
quoted for URLs, JSON and Python, and in base64.
"""

from __future__ import annotations

import base64
import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from tests.e2e.program import Program
from tests.fake_home_assistant import Drop, FakeHomeAssistant, Hang, Refusal, Say, Trouble, redirect
from tests.integration.loopback import Answer, Loopback, closed_port

pytestmark = pytest.mark.heavy

# As they look in real homes; each with letters that some writing changes.
SECRETS = {
    "HA_TOKEN": "eyJ0eXAiOiJKV1QifQ.QmFzZW1lbnQtS2V5LTc3MTk.Xq9-Lm2_Vt4Rw8Zk1",
    "SUPERVISOR_TOKEN": "supervisor-5b1d77f09c3e4a62-Kx",
    "RECORDER_PASSWORD": "Kelleräß/Wäsche@1979%&korb",
    "INFLUXDB_TOKEN": "Zm9yLWluZmx1eA-token-9Q7w==",
    "INFLUXDB_PASSWORD": "influx\"Geheim'77\\slash",
    "MQTT_PASSWORD": "mosquitto+Stall&Tor=42",
    "HF_TOKEN": "hf_QpLzVbNmRtYwSdFgHjKl",
    "TOKEN_IN_A_FILE": "llat-file-0f9e8d7c6b5a4938",
    "DATABASE_PASSWORD": "postgres#Hinterhof:2031",
}
PATIENCE = 60.0  # s
METHODS = ("GET", "POST", "DELETE")


def spellings(secret: str) -> Iterator[bytes]:
    """The secret as it might be found, and its halves."""
    middle = len(secret) // 2
    for part in (secret, secret[:middle], secret[middle:]):
        assert len(part) >= 8
        raw = part.encode()
        yield from (raw, quote(part).encode(), quote(part, safe="").encode(), quote_plus(part).encode())
        yield from (json.dumps(part)[1:-1].encode(), repr(part)[1:-1].encode(), repr(raw)[2:-1].encode())
        yield raw.hex().encode()
        for lead in range(3):  # wherever it stands in what was encoded
            coded = base64.b64encode(b"\0" * lead + raw)
            yield coded[4 if lead else 0 :].rstrip(b"=")[: 4 * (len(raw) // 3 - 1)]


def found_in(content: bytes) -> list[str]:
    """Names of the secrets in it."""
    return [name for name, secret in SECRETS.items() if any(form in content for form in spellings(secret))]


@dataclass
class Life:
    """What was seen of one service.

    Attributes:
        said: bytes by where they came from.
        answers: status by request, to know that the scene was played as it was written.
        processes: command line and environment of each child that was seen.
    """

    home: Path
    said: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    processes: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)

    def ask(self, client: httpx.Client, name: str, method: str, path: str, **options: Any) -> Any:
        """Ask, and remember all that came back."""
        answer = client.request(method, path, **options)
        head = "\n".join(f"{key}: {value}" for key, value in answer.headers.items())
        self.said[f"{name}: {method} {path}"] = f"{answer.status_code}\n{head}\n\n".encode() + answer.content
        self.answers[name] = answer.status_code
        with suppress(ValueError):
            return answer.json()
        return None


def echo(method: str, path: str, headers: dict[str, str]) -> Answer:
    """A server that lets nobody in, and repeats what it was shown."""
    given = headers.get("Authorization", "")
    if given.startswith("Basic "):
        given = base64.b64decode(given.removeprefix("Basic ")).decode() + " " + given
    said = f"not with {given}"
    plain = said.encode("ascii", "replace").decode()
    return 401, {"X-Error-Code": plain, "Content-Type": "application/json"}, json.dumps({"message": said}).encode()


def postgresql_url(secret: str) -> str:
    """Of a server that is away."""
    return f"postgresql://ha:{quote(SECRETS[secret], safe='')}@127.0.0.1:{closed_port()}/ha"


@contextmanager
def serving(life: Life, name: str, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The service as a process, and where it listens. Its output is kept under ``name``, its children are watched."""
    out, err = life.home / f"{name}.out", life.home / f"{name}.err"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(
            [sys.executable, "-m", "src.cli", "serve", "--port", str(closed_port())],
            cwd=life.home, env=environment, stdout=to_out, stderr=to_err,
        )  # fmt: skip
    over = threading.Event()
    watching = threading.Thread(target=watch_children, args=(process.pid, life.processes, over))
    watching.start()
    try:
        yield process, _address(process, err)
    finally:
        process.kill()
        process.wait()
        over.set()
        watching.join()
        life.said[f"{name} stdout"], life.said[f"{name} stderr"] = out.read_bytes(), err.read_bytes()


def _address(process: subprocess.Popen[bytes], err: Path) -> str:
    for _ in range(int(PATIENCE / 0.05)):
        for line in err.read_text("utf-8", "replace").splitlines():
            if line.startswith("http://"):
                return line
        assert process.poll() is None, err.read_text()
        threading.Event().wait(0.05)
    raise AssertionError(err.read_text())


def watch_children(parent: int, seen: dict[int, tuple[bytes, bytes]], over: threading.Event) -> None:
    """Notes the command line and environment of every child, until ``over``."""
    while not over.wait(0.01):
        for task in Path(f"/proc/{parent}/task").glob("*"):
            with suppress(OSError):
                for child in (task / "children").read_text().split():
                    of = Path("/proc") / child
                    # Between fork and exec a child is a copy of its parent; only what comes after that counts.
                    line = (of / "cmdline").read_bytes()
                    if b"src.cli" not in line:
                        seen[int(child)] = (line, (of / "environ").read_bytes())


def write_history(path: Path) -> None:
    """Eight weeks in which somebody makes light in the kitchen at ten past seven, and in the hall at any time."""
    rows = ["timestamp,entity_id,state"]
    chance = random.Random(5)
    for day in range(56):
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=57 - day)
        times = [("light.kitchen", timedelta(minutes=430 + chance.uniform(-4, 4)))]
        times += [("light.hall", timedelta(minutes=chance.uniform(360, 1320))) for _ in range(3)]
        for entity, begin in sorted(times, key=lambda one: one[1]):
            rows.append(f"{(midnight + begin).isoformat()},{entity},on")
            rows.append(f"{(midnight + begin + timedelta(minutes=25)).isoformat()},{entity},off")
    path.write_text("\n".join(rows))


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The whole scene, played once."""
    home = tmp_path_factory.mktemp("secrets")
    life = Life(home)
    program = Program(home, home / "models")
    write_history(home / "home.csv")
    (home / "token.txt").write_text(SECRETS["TOKEN_IN_A_FILE"] + "\n")
    (home / "entities.csv").write_text(f"password\n{SECRETS['TOKEN_IN_A_FILE']}\n")
    with FakeHomeAssistant() as fake, Loopback(echo) as influx, Loopback(echo) as hub, Loopback() as stranger:
        fake.token = SECRETS["HA_TOKEN"]
        fake.config["time_zone"] = "UTC"  # where a habit keeps its hour the whole year
        for name in ("Kitchen", "Hall"):
            fake.add_entity(f"light.{name.lower()}", "off", name=name)
        environment = program.environment | {
            "LOG_LEVEL": "DEBUG",
            "HA_URL": fake.url,
            "HA_TOKEN": SECRETS["HA_TOKEN"],
            "HA_TIMEOUT": "1",
            "SUPERVISOR_TOKEN": SECRETS["SUPERVISOR_TOKEN"],
            "RECORDER_URL": postgresql_url("RECORDER_PASSWORD"),
            "INFLUXDB_URL": influx.url,
            "INFLUXDB_ORG": "home",
            "INFLUXDB_TOKEN": SECRETS["INFLUXDB_TOKEN"],
            "MQTT_HOST": "127.0.0.1",
            "MQTT_PORT": str(closed_port()),
            "MQTT_USERNAME": "ha",
            "MQTT_PASSWORD": SECRETS["MQTT_PASSWORD"],
            "HF_HUB_OFFLINE": "0",
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": SECRETS["HF_TOKEN"],
            "MODEL_DOWNLOAD_RETRIES": "0",
        }  # fmt: skip
        first_day(life, environment, fake, stranger)
        # The second day begins after a crash, with an InfluxDB of version 1.
        of_version_1 = {"INFLUXDB_ORG": "", "INFLUXDB_TOKEN": "", "INFLUXDB_USERNAME": "ha"}
        environment |= of_version_1 | {"INFLUXDB_PASSWORD": SECRETS["INFLUXDB_PASSWORD"], "HISTORY": "influxdb"}
        second_day(life, environment, fake)
        on_the_terminal(life, environment, fake)
        assert [headers for _, headers in hub.calls if "Authorization" in headers], "the hub was never shown the token"
        assert len([1 for _, headers in influx.calls if "Authorization" in headers]) >= 2
    return life


def first_day(life: Life, environment: dict[str, str], fake: FakeHomeAssistant, stranger: Loopback) -> None:
    """Everything the API can do, and everything that can go wrong with it; ends with a kill in the middle of a run."""
    token = SECRETS["HA_TOKEN"]
    with (
        serving(life, "first day", environment) as (process, address),
        httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False) as client,
    ):

        def detect(name: str, **body: object) -> None:
            found(life, client, name, **body)

        csv_file = str(life.home / "home.csv")
        detect("a file", history=csv_file)
        detect("home_assistant", history="home_assistant", interest="save energy")
        detect("recorder", history="recorder", interest="save energy")
        detect("influxdb", history="influxdb", interest="save energy")
        for name in ("token.txt", "entities.csv"):
            detect(f"a {name} is no history", history=str(life.home / name))
            detect(f"a {name} are no entities", history=csv_file, entities=str(life.home / name))
        detect("environ is no history", history=f"/proc/{process.pid}/environ")
        detect("an address is no history", history=environment["RECORDER_URL"])
        for model in ("reranker", "classifier"):
            life.ask(client, model, "POST", f"/models/{model}/load")

        listed = client.get("/patterns?limit=500").json()["patterns"]
        one = next((each["id"] for each in listed if deployed(life, client, each["id"])), None)
        assert one, "nothing could be deployed"
        broken: dict[str, Trouble] = {
            "the token echoed": Say(json.dumps({"message": f"Bearer {token} is wrong"}), 400),
            "the token quoted": Say(json.dumps({"message": f"{quote(token)} {token!r}"}), 500),
            "a page": Say("<html>", 502),
            "a redirect": redirect(f"{stranger.url}/{token}"),
            "a redirect to the token": redirect(f"http://{token}.elsewhere/"),
            "nothing": Hang(),
            "half": Drop(),
        }
        for name, trouble in broken.items():
            if isinstance(trouble, Say) and trouble.status in (400, 500):  # Home Assistant's own words about a call
                fake.trouble |= {
                    f"{method} config/automation/config/ai_automation_{one}": trouble for method in METHODS
                }
            else:
                fake.trouble["*"] = trouble
            everything_about(life, client, name, one)
            fake.trouble.clear()

        def refuses(fields: dict[str, Any]) -> Any:
            raise Refusal(f"bad_{token}", f"Not with {token}")

        for name, answer in {
            "a refusal": refuses,
            "nonsense": lambda fields: [{"entity_id": 7, "token": token}],
        }.items():
            for kind in ("get_states", "get_config", "validate_config"):
                fake.answers[kind] = answer
            everything_about(life, client, name, one)
            fake.answers.clear()
        every_get(life, client, one)
        fake.revoke()
        everything_about(life, client, "the token revoked", one)
        fake.token = token

        life.ask(client, "killed", "POST", "/patterns/detect", json={"history": csv_file})
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert stranger.calls == []


def found(life: Life, client: httpx.Client, name: str, **body: object) -> None:
    """Have it detect; what the nightly run has begun meanwhile is waited for."""
    for _ in range(int(PATIENCE / 0.1)):
        life.ask(client, name, "POST", "/patterns/detect", json={"wait": True, **body})
        if life.answers[name] != 409 or client.get("/runs?limit=1").json()["runs"][0]["state"] != "running":
            return
        threading.Event().wait(0.1)


def deployed(life: Life, client: httpx.Client, pattern: str) -> bool:
    """Whether that one can be deployed."""
    life.ask(client, "preview", "POST", f"/patterns/{pattern}/automation")
    life.ask(client, "deploy", "POST", f"/patterns/{pattern}/deploy", json={})
    return life.answers["deploy"] == 200


def everything_about(life: Life, client: httpx.Client, when: str, pattern: str) -> None:
    """What asks Home Assistant."""
    for name, method, path, body in (
        ("preview", "POST", "automation", None),
        ("deploy", "POST", "deploy", {"enabled": True}),
        ("rollback", "POST", "rollback", {}),
        ("deploy again", "POST", "deploy", {}),
        ("status", "GET", "status", None),
    ):
        life.ask(client, f"{when}, {name}", method, f"/patterns/{pattern}/{path}", json=body)
    life.ask(client, f"{when}, list", "GET", "/automations")
    found(life, client, f"{when}, detect", history="home_assistant", interest="save energy")


def every_get(life: Life, client: httpx.Client, pattern: str) -> None:
    """Every path that can be got, by what the API says of itself."""
    described = life.ask(client, "openapi", "GET", "/openapi.json")
    run = client.get("/runs").json()["runs"][0]["id"]
    for path, methods in described["paths"].items():
        if "get" in methods and "text/event-stream" not in json.dumps(methods["get"]):  # those have no end
            filled = path.replace("{pattern_id}", pattern).replace("{run_id}", run).replace("{name}", "embedding")
            life.ask(client, f"get {path}", "GET", filled)
            life.ask(client, f"nobody's {path}", "GET", path.replace("{", "%7B") + "/..%2f")
    for path in ("/", "/web/app.js", "/web/../settings.py", "/.env", "/data/ai-automation.db"):
        life.ask(client, f"file {path}", "GET", path)
    note = {"verdict": "rejected", "reasons": ["not_useful"], "note": "no"}
    life.ask(client, "feedback", "POST", f"/patterns/{pattern}/feedback", json=note)


def second_day(life: Life, environment: dict[str, str], fake: FakeHomeAssistant) -> None:
    with (
        serving(life, "second day", environment) as (process, address),
        httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False) as client,
    ):
        life.ask(client, "the killed run", "GET", "/runs")
        found(life, client, "influxdb 1", interest="save energy")
        life.ask(client, "health", "GET", "/health")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def on_the_terminal(life: Life, environment: dict[str, str], fake: FakeHomeAssistant) -> None:
    def run(name: str, *arguments: str, **changes: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "src.cli", *arguments],
            cwd=life.home, env=environment | changes, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        life.said[f"terminal, {name}"] = done.stdout + done.stderr
        life.answers[f"terminal, {name}"] = done.returncode

    database = postgresql_url("DATABASE_PASSWORD")
    port = str(closed_port())
    pasted = f"http://ha:{quote(SECRETS['MQTT_PASSWORD'])}@127.0.0.1:1"
    run("home", "home")
    run("home as JSON", "home", "--format", "json")
    run("list", "automation", "list")
    run("models", "models", "list")
    run("help", "--help")
    run("usage", "home", "--token")
    run("no such command", "tokens")
    run("a database that is away", "serve", "--port", port, DATABASE_URL=database)
    run(
        "a database URL that is none",
        "serve",
        "--port",
        "0",
        DATABASE_URL=database.replace("%3A", ":").replace("%23", "#"),
    )
    run("a password in HA_URL", "home", HA_URL=pasted)
    run("a password in INFLUXDB_URL", "serve", "--port", port, INFLUXDB_URL=pasted)
    run("a password in MQTT_HOST", "serve", "--port", port, MQTT_HOST=pasted)
    run("an address as HISTORY", "serve", "--port", port, HISTORY=environment["RECORDER_URL"])
    run("an address as HISTORY of up", "up", "--once", HISTORY=environment["RECORDER_URL"])
    run(
        "a recorder that is none",
        "serve",
        "--port",
        "0",
        RECORDER_URL=f"postgresql://ha:{SECRETS['RECORDER_PASSWORD']}@h/ha",
    )
    run("a token of two lines", "models", "list", HF_TOKEN=SECRETS["HF_TOKEN"] + "\nx")
    run("a home's token of two lines", "home", HA_TOKEN=SECRETS["HA_TOKEN"] + "\x01")
    run("the token of a file", "home", HA_TOKEN="", HA_TOKEN_FILE=str(life.home / "token.txt"))
    run("the file as a history", "mine", str(life.home / "token.txt"))
    fake.revoke()
    run("home, revoked", "home")
    fake.stop()
    run("home, away", "home")
    fake.start()


def test_the_scene_was_played(life: Life) -> None:
    """Else nothing was proved."""
    answers = life.answers
    assert answers["a file"] == answers["deploy"] == answers["openapi"] == answers["home_assistant"] == 200, answers
    assert answers["recorder"] == answers["influxdb"] == answers["influxdb 1"] == 422
    assert answers["a token.txt is no history"] == answers["an address is no history"] == 422
    assert answers["the token echoed, deploy"] == answers["a refusal, deploy"] == 502, answers
    assert answers["nothing, deploy"] == answers["a redirect, deploy"] == 503
    assert answers["terminal, home"] == answers["terminal, help"] == 0
    assert answers["terminal, home, revoked"] == answers["terminal, home, away"] == 6
    assert answers["terminal, a database that is away"] == 4
    assert answers["terminal, an address as HISTORY"] == answers["terminal, an address as HISTORY of up"] == 2
    assert b"(secret)" in life.said["the token echoed, deploy: POST " + _path(life, "the token echoed, deploy: POST")]
    assert any(b"prepare_process" in line for line, _ in life.processes.values()), "no child was seen"


def _path(life: Life, start: str) -> str:
    return next(name.removeprefix(f"{start} ") for name in life.said if name.startswith(start))


@pytest.mark.parametrize("name", SECRETS)
def test_the_search_would_find_them(name: str) -> None:
    secret = SECRETS[name]
    basic = base64.b64encode(f"anna:{secret}".encode())
    for hidden in (
        secret,
        quote(secret, safe=""),
        json.dumps({"x": secret}),
        repr([secret]),
        secret[: len(secret) // 2],
    ):
        assert name in found_in(f"before{hidden}after".encode())
    assert name in found_in(b"Authorization: Basic " + basic)


def test_no_secret_is_said(life: Life) -> None:
    """In no log, no answer's body or header, no line of a terminal."""
    assert {name: found for name, said in life.said.items() if (found := found_in(said))} == {}


def test_no_secret_is_kept(life: Life) -> None:
    """In no file of the service: the database, what SQLite keeps beside it, the models' folder."""
    ours = {life.home / "token.txt", life.home / "entities.csv"}
    files = [path for path in life.home.rglob("*") if path.is_file() and path not in ours]
    names = {path.name for path in files}
    assert {"ai-automation.db", "ai-automation.db-wal"} <= names or "ai-automation.db" in names
    assert {str(path): found for path in files if (found := found_in(path.read_bytes()))} == {}


def test_no_child_is_given_a_secret(life: Life) -> None:
    """Neither on its command line nor in its environment, which a list of processes shows."""
    for line, environment in life.processes.values():
        assert found_in(line) == [], line
        assert found_in(environment) == [], [pair for pair in environment.split(b"\0") if found_in(pair)]
        assert b"PATH=" in environment
