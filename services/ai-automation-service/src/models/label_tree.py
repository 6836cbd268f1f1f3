"""The tree of all answers that a model may give, as the arrays its decoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class LabelTree:
    """Answers that begin alike share their nodes, so that each token is decoded once.

    A node is a token that has been said, the root the start of the answer; an edge is a token that may come next.
    Every answer ends with an edge of the end token, so that one answer may begin with another. All arrays int64.

    Attributes:
        tokens: (nodes,), the token of each node; a parent stands before its children.
        depths: (nodes,), 0 for the root.
        mask: (nodes, nodes), 1 where the node of the row has the node of the column as ancestor, or is it.
        edge_nodes, edge_tokens: (edges,), the token that may come after the node.
        paths: for each answer the edges from the root to its end.
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
            ValueError: there is no answer, one is empty, or two are the same.
        """
        if not answers or not all(answers) or len({tuple(answer) for answer in answers}) < len(answers):
            raise ValueError("the answers must be one or more, none of them empty and no two of them the same")
        tokens, parents, depths = [start], [-1], [0]
        edges: dict[tuple[int, int], int] = {}
        children: dict[int, int] = {}  # node that an edge leads to
        paths: list[tuple[int, ...]] = []
        for answer in answers:
            node, path = 0, []
            for token in (*answer, end):
                edge = edges.setdefault((node, token), len(edges))
                path.append(edge)
                if len(path) > len(answer):
                    break
                if edge not in children:
                    children[edge] = len(tokens)
                    tokens.append(token)
                    parents.append(node)
                    depths.append(depths[node] + 1)
                node = children[edge]
            paths.append(tuple(path))
        mask = np.eye(len(tokens), dtype=np.int64)
        for node, parent in enumerate(parents[1:], 1):
            mask[node] |= mask[parent]
        pairs = np.array(list(edges), np.int64)
        return cls(np.array(tokens, np.int64), np.array(depths, np.int64), mask, pairs[:, 0], pairs[:, 1], tuple(paths))

    def inputs(self) -> dict[str, IntArray]:
        """By the names of the graph's inputs."""
        return {
            "tree_tokens": self.tokens,
            "tree_depths": self.depths,
            "tree_mask": self.mask,
            "edge_nodes": self.edge_nodes,
            "edge_tokens": self.edge_tokens,
        }

    def totals(self, edges: FloatArray) -> FloatArray:
        """Log-probabilities of the edges (batch, edges) to those of the answers (batch, answers)."""
        return np.stack([edges[:, list(path)].sum(axis=1) for path in self.paths], axis=1)
