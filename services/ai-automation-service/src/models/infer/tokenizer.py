"""Texts to token ids, with the ``tokenizers`` library and a model's own ``tokenizer.json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from src.errors import InvalidSetting, ModelCorrupt

if TYPE_CHECKING:
    from tokenizers import Encoding


class TextTokenizer:
    """One model's tokenizer. Threads may use it at once.

    Args:
        max_tokens: longest sequence, special tokens included.

    Attributes:
        pad: id of the padding token.

    Raises:
        ModelCorrupt: ``path`` is no tokenizer, or one without a padding token.
    """

    def __init__(self, path: Path, max_tokens: int, role: str) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise ModelCorrupt(role, f"{path.name} cannot be read ({error})") from error
        pads = (self._tokenizer.token_to_id(token) for token in ("[PAD]", "<pad>"))
        pad = next((pad for pad in pads if pad is not None), None)
        if pad is None:
            raise ModelCorrupt(role, f"{path.name} has no padding token")
        self.pad: int = pad
        self._max_tokens = max_tokens
        self._tokenizer.no_padding()
        # Truncation is a state of the tokenizer and not an argument of a call, so it is done here.
        self._tokenizer.no_truncation()

    def texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, its end cut off where it is longer than ``max_tokens``."""
        encodings = self._tokenizer.encode_batch([_valid(text) for text in texts])
        return [self._cut(encoding, sequence=0) for encoding in encodings]

    def pairs(self, query: str, passages: Sequence[str]) -> list[list[int]]:
        """Ids of the query with each passage, as the model was trained to read a pair. Only a passage is cut.

        Raises:
            InvalidSetting: the query leaves no room for any passage.
        """
        query = _valid(query)
        if len(self._tokenizer.encode(query, "").ids) >= self._max_tokens:
            raise InvalidSetting("query", f"{query[:40]}…", f"a question of fewer than {self._max_tokens} tokens")
        encodings = self._tokenizer.encode_batch([(query, _valid(passage)) for passage in passages])
        return [self._cut(encoding, sequence=1) for encoding in encodings]

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The tokens of ids, as the vocabulary writes them."""
        return tuple(str(self._tokenizer.id_to_token(each)) for each in ids)

    def _cut(self, encoding: Encoding, sequence: int) -> list[int]:
        """The ids without the last tokens of one of the sequences, as many as are too many."""
        ids: list[int] = encoding.ids
        excess = len(ids) - self._max_tokens
        if excess <= 0:
            return ids
        of = encoding.sequence_ids
        past = len(of) - of[::-1].index(sequence)
        return ids[: past - excess] + ids[past:]


def _valid(text: str) -> str:
    """The text without lone surrogates, which JSON may carry and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode("utf-8")
