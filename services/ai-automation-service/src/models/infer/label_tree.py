"""The tree of all answers that a model may give, as the arrays its decoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class LabelTree:
    """Answers that begin alike share their nodes, and where only one token is allowed nothing is asked.

    A node is a token that has been said, the root the start of the answer; an edge is one of several tokens that may
    come next. Where an answer is whole while another goes on, the end token is one of them. Decoding that may only
    walk this tree writes a token without alternative with probability 1, so such a token is no edge, and nodes after
    the last choice of their branch are left out. All arrays int64.

    Attributes:
        tokens: (nodes,), the token of each node; a parent stands before its children.
        depths: (nodes,), 0 for the root.
        mask: (nodes, nodes), 1 where the node of the row has the node of the column as ancestor, or is it.
        edge_nodes, edge_tokens: (edges,), one of the tokens that may come after the node; a node's edges are adjacent.
        paths: for each answer its edges, from the root on.
    """

    tokens: IntArray
    depths: IntArray
    mask: IntArray
    edge_nodes: IntArray
    edge_tokens: IntArray
    paths: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, answers: Sequence[Sequence[int]], *, start: int, end: int) -> LabelTree:
        """The tree of tokenized answers.

        Args:
            answers: token ids of each, without start and end token.

        Raises:
            ValueError: there are fewer than two answers, one is empty, or two are the same.
        """
        spelled = [(*answer, end) for answer in answers]
        if len(answers) < 2 or not all(answers) or len(set(spelled)) < len(spelled):
            raise ValueError("the answers must be two or more, none of them empty and no two of them the same")
        nexts: dict[tuple[int, ...], list[int]] = {}  # what may come after each beginning
        for answer in spelled:
            for length, token in enumerate(answer):
                known = nexts.setdefault(answer[:length], [])
                if token not in known:
                    known.append(token)
        choices = [said for said, tokens in nexts.items() if len(tokens) > 1]
        # Sorted by length, so that what is said first stands first.
        nodes = sorted(
            {said[:length] for said in choices for length in range(len(said) + 1)}, key=lambda s: (len(s), s)
        )
        place = {said: number for number, said in enumerate(nodes)}
        edges = [(said, token) for said in nodes if len(nexts[said]) > 1 for token in nexts[said]]
        number_of = {edge: number for number, edge in enumerate(edges)}
        mask = np.zeros((len(nodes), len(nodes)), np.int64)
        for said, row in place.items():
            mask[row, [place[said[:length]] for length in range(len(said) + 1)]] = 1
        return cls(
            tokens=np.array([said[-1] if said else start for said in nodes], np.int64),
            depths=np.array([len(said) for said in nodes], np.int64),
            mask=mask,
            edge_nodes=np.array([place[said] for said, _ in edges], np.int64),
            edge_tokens=np.array([token for _, token in edges], np.int64),
            paths=tuple(
                tuple(
                    number_of[answer[:length], token]
                    for length, token in enumerate(answer)
                    if (answer[:length], token) in number_of
                )
                for answer in spelled
            ),
        )

    def inputs(self) -> dict[str, IntArray]:
        """By the names of the graph's inputs."""
        return {
            "tree_tokens": self.tokens,
            "tree_depths": self.depths,
            "tree_mask": self.mask,
            "edge_nodes": self.edge_nodes,
            "edge_tokens": self.edge_tokens,
        }

    def log_probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """The model's scores of the edges to the log-probabilities of the answers.

        Args:
            scores: (batch, edges), logits.

        Returns:
            (batch, answers): that decoding which may only walk the tree writes this answer; rows sum to 1.
        """
        firsts = np.flatnonzero(np.diff(self.edge_nodes, prepend=-1))
        widths = np.diff(firsts, append=len(self.edge_nodes))
        logits = scores.astype(np.float64)
        logits -= np.repeat(np.maximum.reduceat(logits, firsts, axis=1), widths, axis=1)
        logits -= np.repeat(np.log(np.add.reduceat(np.exp(logits), firsts, axis=1)), widths, axis=1)
        return np.stack([logits[:, list(path)].sum(axis=1) for path in self.paths], axis=1)
