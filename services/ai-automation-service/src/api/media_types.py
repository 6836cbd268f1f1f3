"""What a caller would rather have, by its Accept header."""

from __future__ import annotations


def preferred(accept: str, *offered: str) -> str:
    """The offered media type that an Accept header gives the highest quality; of equals, the first.

    A header that takes none of them gets the last. Source: RFC 9110, section 12.5.1.
    """
    return max(offered, key=lambda media_type: _quality(accept, media_type)) if _any(accept, offered) else offered[-1]


def _any(accept: str, offered: tuple[str, ...]) -> bool:
    return any(_quality(accept, media_type) for media_type in offered)


def _quality(accept: str, media_type: str) -> float:
    """Of the most specific range that covers the type: 0 to 1."""
    main = media_type.partition("/")[0]
    stated: dict[str, float] = {}
    for part in accept.split(","):
        covered, *parameters = (piece.strip().lower() for piece in part.split(";"))
        stated[covered] = _weight(parameters)
    ranges = (media_type, f"{main}/*", "*/*")
    return next((stated[covered] for covered in ranges if covered in stated), 0.0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
