"""YAML as Home Assistant writes it, with its tags. See https://www.home-assistant.io/docs/configuration/splitting_configuration/"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from src.errors import AutomationsUnreadable


@dataclass(frozen=True, slots=True)
class Input:
    """``!input name`` of a blueprint: what its user fills in."""

    name: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a tag would bring in from another file (``!include``, ``!secret``, ...). It is not followed."""

    tag: str


class _Loader(yaml.SafeLoader):
    """Only plain values, and our two for tags. In Python, since libyaml's loader crashes on deep nesting."""


def _tagged(loader: _Loader, tag: str, node: yaml.Node) -> Input | Elsewhere:
    if tag == "input" and isinstance(node, yaml.ScalarNode):
        return Input(str(node.value))
    return Elsewhere(f"!{tag}")


_Loader.add_multi_constructor("!", _tagged)


def load_document(path: Path) -> object:
    """What a YAML or, by its name, JSON file holds.

    Raises:
        AutomationsUnreadable: there is no such file, or it is broken; with the line where that is known.
    """
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise AutomationsUnreadable(path, (why or str(error)).lower()) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AutomationsUnreadable(path, "it is not UTF-8 text", content.count(b"\n", 0, error.start) + 1) from error
    try:
        return json.loads(text) if path.suffix.lower() == ".json" else _yaml(text)
    except json.JSONDecodeError as error:
        raise AutomationsUnreadable(path, error.msg.lower(), error.lineno) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = error.problem or error.context or "it is not YAML"
        raise AutomationsUnreadable(path, why, None if mark is None else mark.line + 1) from error
    except yaml.reader.ReaderError as error:
        raise AutomationsUnreadable(path, str(error.reason), text.count("\n", 0, error.position) + 1) from error
    except RecursionError as error:
        raise AutomationsUnreadable(path, "it is nested too deeply") from error
    except ValueError as error:  # a date that does not exist, a number of thousands of digits
        raise AutomationsUnreadable(path, str(error)) from error


def _yaml(text: str) -> object:
    loader = _Loader(text)
    try:
        loaded: object = loader.get_single_data()
        return loaded
    finally:
        loader.dispose()


def filled_in(document: object, inputs: Mapping[str, object]) -> object:
    """A copy with each :class:`Input` replaced by its value; one without a value stays."""
    return _filled_in(document, inputs, {})


def _filled_in(value: object, inputs: Mapping[str, object], done: dict[int, object]) -> object:
    # A part that an alias repeats is copied once; one that holds itself ends there.
    if isinstance(value, Input):
        return inputs.get(value.name, value)
    if not isinstance(value, list | dict):
        return value
    if id(value) in done:
        return done[id(value)]
    done[id(value)] = None
    copy: object = (
        [_filled_in(member, inputs, done) for member in value]
        if isinstance(value, list)
        else {key: _filled_in(member, inputs, done) for key, member in value.items()}
    )
    done[id(value)] = copy
    return copy
