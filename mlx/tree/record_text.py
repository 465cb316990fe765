"""Growth records as text, so that a model that has been saved and loaded can still tell where its numbers come from.

All numbers of all records stand one after the other as bytes, column by column, compressed and in base64. Within a
column first come the first bytes of all its numbers, then the second bytes, and so on: signs and exponents are alike,
and thus shorten. It takes 15 to 30 characters per node, next to 40 bytes of the node itself in UBJSON and 55 in JSON;
halved, as runners-up and missing values may be nothing. The object that holds them::

    nodes         numbers of nodes of the trees, 0 for a tree without a record; trees beyond the last one have none
    outputs       sums per node: 1, or the length of the vectors in leaves
    data          the bytes
    categories    [node, code, ...] for each node whose runner-up asks about categories, counted over all records
    pruned        {"tree", "leaf", "nodes", "branch"} for each pruned branch, in the form of `mlx.tree.xgboost_tree`;
                  the numbers of its record, of so many nodes, stand after those of the trees, in this order

Whoever loads the file in xgboost may train on, or change the trees. Records must be about the trees that are there: as
many nodes, with the same covers. If they are about others, they are left out with a warning. What is no record at all
ends in `ModelFormatError`.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import warnings
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .document import Place
from .record import GrowthRecord, PrunedBranch
from .tree import Tree
from .xgboost_tree import LARGEST_CATEGORY, read_tree, tree_document

__all__ = ["records_document", "with_records"]

# Column of the bytes: how a number is stored, and how many of them a node has per output, or at all.
PER_OUTPUT = {"sums": 2, "missing_sums": 2}
COLUMNS: Mapping[str, np.dtype[Any]] = {
    "sums": np.dtype("<f8"),
    "missing_sums": np.dtype("<f8"),
    "runner_up_feature": np.dtype("<i4"),
    "runner_up_threshold": np.dtype("<f4"),
    "runner_up_missing_left": np.dtype("u1"),
    "runner_up_gain": np.dtype("<f4"),
}

# The fastest level: the best one saves a twentieth more in three times the time.
COMPRESSION = 1

# How far the cover in the file may be from the recorded sum of Hessians.
COVER_TOLERANCE = 1e-5

KEYS = {"nodes", "outputs", "data", "categories", "pruned"}


def records_document(trees: Sequence[Tree], n_features: int) -> dict[str, Any] | None:
    """What `with_records` reads, for `mlx.tree.json_text.write_json`; None if no tree has a record.

    Parameters
    ----------
    trees : sequence of Tree
        Their nodes must have the numbers that the file gives them: siblings side by side.
    n_features : int
    """
    recorded = [tree for tree in trees if tree.record is not None]
    if not recorded:
        return None
    branches = [
        (number, branch)
        for number, tree in enumerate(trees)
        if tree.record is not None
        for branch in tree.record.pruned
    ]
    records = [tree.record for tree in (*recorded, *(branch.tree for _, branch in branches)) if tree.record is not None]
    first = np.cumsum([0, *(record.n_nodes for record in records)])
    listed = [
        [start + node, *record.candidate_categories(node)]
        for start, record in zip(first.tolist(), records)
        if record.runner_up_category_start is not None
        for node in np.flatnonzero(np.diff(record.runner_up_category_start)).tolist()
    ]
    return {
        "nodes": [0 if tree.record is None else tree.n_nodes for tree in trees],
        "outputs": records[0].sums.size // (2 * records[0].n_nodes),
        "data": base64.b64encode(zlib.compress(_packed(records), COMPRESSION)).decode("ascii"),
        "categories": listed,
        "pruned": [
            {
                "tree": number,
                "leaf": branch.leaf,
                "nodes": 0 if branch.tree.record is None else branch.tree.n_nodes,
                "branch": tree_document(branch.tree, position, n_features),
            }
            for position, (number, branch) in enumerate(branches)
        ],
    }


def with_records(trees: Sequence[Tree], place: Place, n_features: int) -> tuple[Tree, ...]:
    """The trees with the records that a document holds.

    Raises
    ------
    ModelFormatError
        If the document holds no records.

    Warns
    -----
    UserWarning
        If the records are about other trees.
    """
    place.note_unknown(KEYS)
    counts = place.child("nodes").integers()
    n_outputs = place.child("outputs").integer(
        1, max(tree.value.size // tree.n_nodes for tree in trees) if trees else 1
    )
    n_nodes = np.array([tree.n_nodes for tree in trees[: len(counts)]], dtype=np.int64)
    if len(counts) > len(trees) or np.any((counts != 0) & (counts != n_nodes)):
        return _about_others(trees)
    recorded = [number for number, count in enumerate(counts) if count]
    pruned = [_read_branch(item, k, trees, n_features) for k, item in enumerate(place.child("pruned").items())]
    owners = [trees[number] for number in recorded]
    owners += [branch.tree for branch, has_record, _ in pruned if has_record]
    records = iter(_read_records(place, owners, n_outputs, n_features))
    result, below = list(trees), {number: list[PrunedBranch]() for number in recorded}
    own = [next(records) for _ in recorded]
    for branch, has_record, number in pruned:
        if number not in below:
            place.child("pruned").refuse(f"tree {number} has a pruned branch and no record")
        tree = _recorded(branch.tree, next(records)) if has_record else branch.tree
        below[number].append(PrunedBranch(branch.leaf, tree))
    for number, record in zip(recorded, own):
        cover = record.sums[..., 1].reshape(record.n_nodes, -1).sum(axis=1)
        if not np.allclose(cover, trees[number].cover, rtol=COVER_TOLERANCE, atol=COVER_TOLERANCE):
            return _about_others(trees)
        try:
            result[number] = _recorded(trees[number], record, tuple(below[number]))
        except ValueError as error:
            place.child("pruned").refuse(str(error))
    return tuple(result)


def _packed(records: Sequence[GrowthRecord]) -> bytes:
    """All numbers, column after column, bytes of the same rank together."""
    columns = []
    for name, dtype in COLUMNS.items():
        column = np.concatenate([getattr(record, name).ravel() for record in records]).astype(dtype)
        columns.append(column.view(np.uint8).reshape(-1, dtype.itemsize).T.tobytes())
    return b"".join(columns)


def _read_records(place: Place, trees: Sequence[Tree], n_outputs: int, n_features: int) -> list[GrowthRecord]:
    """Record of each of some trees, from the bytes."""
    first = np.concatenate([[0], np.cumsum([tree.n_nodes for tree in trees])]).astype(np.int64)
    at_data = place.child("data")
    columns = _unpacked(at_data, int(first[-1]), n_outputs)
    if np.any((columns["runner_up_feature"] < -1) | (columns["runner_up_feature"] >= n_features)):
        at_data.refuse("a runner-up asks about a column that is not there")
    if np.any(columns["runner_up_missing_left"] > 1):
        at_data.refuse("a direction is neither 0 nor 1")
    columns["runner_up_missing_left"] = columns["runner_up_missing_left"].astype(np.bool_)
    if n_outputs == 1:
        columns |= {name: columns[name].reshape(-1, 2) for name in PER_OUTPUT}
    nodes, codes = _read_categories(place.child("categories"), int(first[-1]))
    bounds = np.searchsorted(nodes, first)
    records = []
    for k, (begin, end) in enumerate(itertools.pairwise(first)):
        parts: dict[str, Any] = {name: column[begin:end] for name, column in columns.items()}
        listed = slice(bounds[k], bounds[k + 1])
        parts |= _category_arrays(nodes[listed] - begin, codes[listed], int(end - begin))
        try:
            records.append(GrowthRecord(**parts))
        except ValueError as error:
            at_data.refuse(str(error))
    return records


def _unpacked(at_data: Place, n_nodes: int, n_outputs: int) -> dict[str, NDArray[Any]]:
    """Columns of so many nodes; no more is decompressed than these need."""
    widths = {name: n_nodes * (PER_OUTPUT[name] * n_outputs if name in PER_OUTPUT else 1) for name in COLUMNS}
    n_bytes = sum(widths[name] * COLUMNS[name].itemsize for name in COLUMNS)
    try:
        compressed = base64.b64decode(at_data.text().encode(), validate=True)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(compressed, n_bytes + 1)
    except (binascii.Error, zlib.error) as error:
        at_data.refuse(f"is damaged: {error}")
    if len(data) != n_bytes or not unpacker.eof or unpacker.unused_data:
        at_data.refuse(f"must hold {n_bytes} bytes, for {n_nodes} nodes")
    columns, place = {}, 0
    for name, dtype in COLUMNS.items():
        size = widths[name] * dtype.itemsize
        shuffled = np.frombuffer(data, dtype=np.uint8, count=size, offset=place).reshape(dtype.itemsize, -1)
        column = np.ascontiguousarray(shuffled.T).view(dtype).astype(dtype.newbyteorder("="))
        columns[name] = column.reshape((n_nodes, n_outputs, 2) if name in PER_OUTPUT else (n_nodes,))
        place += size
    return columns


def _read_categories(place: Place, n_nodes: int) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Nodes whose runner-up asks about categories, rising, and the codes of each."""
    nodes: list[int] = []
    codes: list[NDArray[np.int64]] = []
    for item in place.items():
        numbers = item.integers()
        if len(numbers) < 2 or not (nodes[-1] if nodes else -1) < numbers[0] < n_nodes:
            item.refuse("must be a node, higher than the one before, and its categories")
        if numbers[1] < 0 or numbers[-1] > LARGEST_CATEGORY or np.any(np.diff(numbers[1:]) <= 0):
            item.refuse(f"categories must rise, within 0 and {LARGEST_CATEGORY}")
        nodes.append(int(numbers[0]))
        codes.append(numbers[1:])
    return np.array(nodes, dtype=np.int64), codes


def _category_arrays(nodes: NDArray[np.int64], codes: list[NDArray[np.int64]], n_nodes: int) -> dict[str, Any]:
    """Arguments of `GrowthRecord`; none if no runner-up asks about categories."""
    if not codes:
        return {}
    sizes = np.zeros(n_nodes, dtype=np.int64)
    sizes[nodes] = [len(some) for some in codes]
    start = np.concatenate([[0], np.cumsum(sizes)])
    return {"runner_up_category_start": start, "runner_up_categories": np.concatenate(codes)}


def _read_branch(place: Place, position: int, trees: Sequence[Tree], n_features: int) -> tuple[PrunedBranch, bool, int]:
    """A branch without its record, whether it has one, and the number of its tree."""
    place.note_unknown({"tree", "leaf", "nodes", "branch"})
    number = place.child("tree").integer(0, len(trees) - 1)
    leaf = place.child("leaf").integer(0, trees[number].n_nodes - 1)
    n_outputs = trees[number].value.size // trees[number].n_nodes
    branch = read_tree(place.child("branch"), position, n_features, n_outputs)
    if trees[number].left[leaf] >= 0 or branch.left[0] < 0:
        place.child("leaf").refuse("must be a leaf, with a branch of questions")
    at_nodes = place.child("nodes")
    if at_nodes.integer(0, branch.n_nodes) not in (0, branch.n_nodes):
        at_nodes.refuse(f"must be 0, or {branch.n_nodes} as the branch has")
    return PrunedBranch(leaf, branch), at_nodes.value > 0, number


def _recorded(tree: Tree, record: GrowthRecord, pruned: tuple[PrunedBranch, ...] = ()) -> Tree:
    """The tree with a record; its arrays have been checked."""
    if pruned:
        record = GrowthRecord(**{**record.__dict__, "pruned": pruned})
    return Tree.grown(**{**tree.__dict__, "record": record})


def _about_others(trees: Sequence[Tree]) -> tuple[Tree, ...]:
    warnings.warn("growth records of the model file are about other trees: they are left out", stacklevel=4)
    return tuple(trees)
