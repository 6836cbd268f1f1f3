"""The page is whole, needs nothing from elsewhere, and treats names of a home as text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import src.web.page
from src.domain.answers import Reason
from src.domain.deployments import DeploymentState
from src.domain.patterns import Kind, Status

FOLDER = Path(src.web.page.__file__).parent
PARTS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".js", ".css", ".svg"})
SCRIPTS = [name for name in PARTS if name.endswith(".js")]


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def tags(client: TestClient) -> list[tuple[str, dict[str, str | None]]]:
    return Tags(client.get("/").text).found


def test_the_page_lets_nothing_in_from_elsewhere(client: TestClient) -> None:
    response = client.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert response.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_served_with_its_type(client: TestClient, name: str) -> None:
    response = client.get(f"/web/{name}")
    assert response.status_code == 200
    expected = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}[Path(name).suffix]
    assert response.headers["content-type"].partition(";")[0] == expected


@pytest.mark.parametrize("name", ["page.py", "__init__.py", "..%2fmain.py", "%2e%2e/main.py", "other.js"])
def test_nothing_else_of_the_folder_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/web/{name}").status_code == 404


def test_what_the_page_refers_to_is_there(client: TestClient, tags: list[tuple[str, dict[str, str | None]]]) -> None:
    referred = {str(a[key]) for _, a in tags for key in ("src", "href") if a.get(key) and str(a[key])[0] != "#"}
    assert referred == {"web/app.js", "web/style.css", "web/icon.svg"}
    for script in SCRIPTS:
        for imported in re.findall(r'from "\./([^"]+)"', (FOLDER / script).read_text("utf-8")):
            assert client.get(f"/web/{imported}").status_code == 200


def test_nothing_is_inline_and_nothing_external(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    for tag, attributes in tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
    for name in (*SCRIPTS, "style.css", "index.html"):
        assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", (FOLDER / name).read_text("utf-8")), name


@pytest.mark.parametrize("name", SCRIPTS)
def test_text_is_never_taken_for_markup(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(|srcdoc", text)


def test_every_kind_and_status_can_be_chosen(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    offered = {attributes.get("value") for tag, attributes in tags if tag == "option"}
    assert offered == {"", *map(str, Kind), *map(str, Status)}


def test_scripts_find_the_elements_they_ask_for(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    for name in SCRIPTS:
        text = (FOLDER / name).read_text("utf-8")
        asked = set(re.findall(r'(?:getElementById|\bat)\("([a-z-]+)"\)', text))
        assert asked <= ids, name


def test_controls_have_names(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        if tag == "input":
            assert attributes["id"] in labelled
        if tag == "img":
            assert "alt" in attributes


@pytest.mark.parametrize(
    ("name", "known", "unsaid"),
    [
        ("reasons.js", [str(reason) for reason in Reason], {"other"}),  # that one takes a note, which has no place here
        ("automation.js", [str(state) for state in DeploymentState], set()),
    ],
)
def test_everything_that_may_be_said_has_words(name: str, known: list[str], unsaid: set[str]) -> None:
    text = (FOLDER / name).read_text("utf-8")
    table = text[text.index("= {") : text.index("};")]
    assert set(re.findall(r"(\w+): \"", table)) == set(known) - unsaid
