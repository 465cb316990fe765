"""Partitioning keeps the rows of each node side by side, and parts them when the node is split.

::

    side 0   [ all rows: 0 1 2 3 ...                        ]    the root
    side 1   [ of node 1 ............ | of node 2 ......... ]    depth 1, 3, 5, ...
    side 2   [ of 3 ... | of 4 ...... | of 5 . | of 6 ..... ]    depth 2, 4, 6, ...

The rows of a node lie on one side, and those of its children take up the same places on another. Side 0 is never
written to, so the trees of a round can share the gradients that lie there.

A node of many rows is parted in pieces, which threads share: first it is counted how many rows of each piece go left,
then it is known where each piece's rows begin on the other side. A node of one piece is parted at once.

Nobody counts the children of a last level, where no node may be split: their rows stay where they are, with their
parent, and are told apart when their values are added to the margins.

==============  ================================================================  ===============================
symbol          what                                                              shape
==============  ================================================================  ===============================
rows            numbers of the rows; those of a node in rising order              (3, n_samples)
gradients       g_i and h_i of the rows, in their order, for each side            3 of (n_samples, 2)
sides           which side each node is on; -1 if its rows are with its parent    (n_nodes,)
segments        first and last (exclusive) place of each node there; or parent    (n_nodes, 2)
pieces          see `Piece`                                                       (n_pieces, 6)
==============  ================================================================  ===============================
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..numeric.team import next_task, wait_for_all
from .binning import SHARED_CODES, BinnedTable, Column, Group
from .categories import goes_right, holds_none
from .histogram import EVERY, clear_group, count_group, new_shared_lanes
from .nodes import BEST

__all__ = [
    "ROWS_PER_PIECE",
    "RowScratch",
    "WITH_PARENT",
    "PartedRows",
    "Piece",
    "add_values",
    "add_values_of_leaves",
    "answer_rows",
    "count_nodes",
    "cut_into_pieces",
    "leave_children",
    "move_pieces",
    "new_row_scratch",
    "part_rows",
    "place_children",
]

# Rows of a node that one task parts: a large node is shared among threads.
ROWS_PER_PIECE = 16_384

# Rows whose margins one task changes: they stay in the cache while it goes through the leaves, and no other task writes
# to the same line of it.
ROWS_PER_BLOCK = 65_536

# Side of a node whose rows are with its parent.
WITH_PARENT = -1


class Piece(IntEnum):
    """Columns of `pieces`: the place of the node in `chosen`, from where to where, and where its rows go."""

    NODE = 0
    FIRST = 1
    LAST = 2
    N_LEFT = 3
    TO_LEFT = 4
    TO_RIGHT = 5


NODE, FIRST, LAST, N_LEFT, TO_LEFT, TO_RIGHT = (int(column) for column in Piece)
GROUP, LANE, STRIDE, N_CODES = (int(column) for column in Column)
N_PLAIN = int(Group.N_PLAIN)


class PartedRows(NamedTuple):
    """Rows by node, for kernels; symbols as in the docstring of the file."""

    rows: NDArray[np.int32]
    gradients: tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]
    goes_left: NDArray[np.uint8]
    sides: NDArray[np.int64]
    segments: NDArray[np.int64]
    pieces: NDArray[np.int64]
    n_pieces: NDArray[np.int64]  # shape (1,)
    rows_per_piece: int


class RowScratch(NamedTuple):
    """What one thread works in.

    Attributes
    ----------
    shared : ndarray of float64
        Histograms of the shared lanes of a group.
    answers : ndarray of uint8
        A node's answer, left or not, to each code of a lane.
    value_of_code : ndarray of float32
        What a row adds to its margin, by code.
    every : ndarray of uint16, shape (n_places,)
        In place of a list of bins: they are not listed.
    """

    shared: NDArray[np.float64]
    answers: NDArray[np.uint8]
    value_of_code: NDArray[np.float32]
    every: NDArray[np.uint16]


def new_row_scratch(table: BinnedTable) -> RowScratch:
    """Scratch for a table."""
    n_codes = 1 << table.lane_bits
    answers, value_of_code = np.empty(n_codes, dtype=np.uint8), np.empty(n_codes, dtype=np.float32)
    return RowScratch(new_shared_lanes(), answers, value_of_code, np.full(len(table.cuts), EVERY, dtype=np.uint16))


@kernel
def part_rows(thread, n_threads, team, table, parted, chosen, n_chosen, nodes, first_new, move_gradients, answers):
    """Part the rows of the first `n_chosen` nodes of `chosen`; a team's kernel, which ends with all rows parted."""
    if thread == 0:
        parted.n_pieces[0] = cut_into_pieces(chosen, n_chosen, parted)
    wait_for_all(team, n_threads)
    n_pieces = parted.n_pieces[0]
    task = next_task(thread, n_threads, team, n_pieces)
    while task < n_pieces:
        piece = parted.pieces[task]
        node = chosen[piece[NODE]]
        mark_rows(piece, node, table, parted, nodes, answers)
        if not is_shared(piece, node, parted):
            piece[TO_LEFT], piece[TO_RIGHT] = piece[FIRST], piece[FIRST] + piece[N_LEFT]
            move_rows(piece, parted.sides[node], parted, move_gradients)
        task = next_task(thread, n_threads, team, n_pieces)
    wait_for_all(team, n_threads)
    if thread == 0:
        place_children(chosen, n_chosen, first_new, n_pieces, parted)
    wait_for_all(team, n_threads)
    task = next_task(thread, n_threads, team, n_pieces)
    while task < n_pieces:
        piece = parted.pieces[task]
        node = chosen[piece[NODE]]
        if is_shared(piece, node, parted):
            move_rows(piece, parted.sides[node], parted, move_gradients)
        task = next_task(thread, n_threads, team, n_pieces)
    wait_for_all(team, n_threads)


@kernel
def cut_into_pieces(chosen, n_chosen, parted):
    """Write the pieces of some nodes, node after node; returns how many there are."""
    n_pieces = 0
    for place in range(n_chosen):
        first, last = parted.segments[chosen[place], 0], parted.segments[chosen[place], 1]
        while True:
            piece = parted.pieces[n_pieces]
            piece[NODE], piece[FIRST], piece[LAST] = place, first, min(first + parted.rows_per_piece, last)
            n_pieces += 1
            first += parted.rows_per_piece
            if first >= last:
                break
    return n_pieces


@kernel
def is_shared(piece, node, parted):
    """Whether the node has other pieces, too."""
    return piece[LAST] - piece[FIRST] < parted.segments[node, 1] - parted.segments[node, 0]


@kernel
def lane_of(f, table):
    """Group in whose words the codes of a column are, how far it is to the lane, and its mask."""
    column = table.columns[f]
    mask = (np.uint64(1) << np.uint64(table.lane_bits)) - np.uint64(1)
    return column[GROUP], np.uint64(column[LANE] * table.lane_bits), mask


@kernel
def answer_codes(node, table, nodes, answers):
    """Write the node's answer, left or not, to each code of the lane in which its column stands; returns how many."""
    facts, right_set = nodes.facts[node], nodes.right_sets[node, BEST]
    n_bins, last_left = table.n_bins[facts.feature], facts.bin
    is_cut = holds_none(right_set)
    for code in range(n_bins):
        answers[code] = code <= last_left if is_cut else not goes_right(right_set, code)
    answers[n_bins] = facts.missing_left
    column = table.columns[facts.feature]
    if column[LANE] < table.groups[column[GROUP], N_PLAIN]:
        return n_bins + 1
    # From above: the answer to be copied stands at a code that is not greater.
    for code in range(SHARED_CODES - 1, -1, -1):
        answers[code] = answers[code // column[STRIDE] % column[N_CODES]]
    return SHARED_CODES


@kernel
def answer_rows(node, rows, table, nodes, answers, goes_left):
    """Write 1 for each of some rows that goes left from a node, 0 for the others, and return how many do."""
    answer_codes(node, table, nodes, answers)
    group, shift, mask = lane_of(nodes.facts[node].feature, table)
    words = table.codes[group]
    n_left = np.uint64(0)
    for k in range(np.uint64(len(rows))):
        left = answers[(words[np.uint64(rows[k])] >> shift) & mask]
        goes_left[k] = left
        n_left += np.uint64(left)
    return n_left


@kernel
def mark_rows(piece, node, table, parted, nodes, answers):
    """Write which rows of a piece go left, and how many do."""
    first, last = piece[FIRST], piece[LAST]
    rows = parted.rows[parted.sides[node], first:last]
    piece[N_LEFT] = answer_rows(node, rows, table, nodes, answers, parted.goes_left[first:last])


@kernel
def place_children(chosen, n_chosen, first_new, n_pieces, parted):
    """Write where the children of each node lie, and where the pieces of nodes with several of them go."""
    begin = 0
    for place in range(n_chosen):
        node = chosen[place]
        first, last = parted.segments[node, 0], parted.segments[node, 1]
        end, n_left = begin, 0
        while end < n_pieces and parted.pieces[end, NODE] == place:
            n_left += parted.pieces[end, N_LEFT]
            end += 1
        left, right = first, first + n_left
        child = first_new + 2 * place
        parted.segments[child, 0], parted.segments[child, 1] = first, right
        parted.segments[child + 1, 0], parted.segments[child + 1, 1] = right, last
        parted.sides[child] = parted.sides[child + 1] = 2 if parted.sides[node] == 1 else 1
        for k in range(begin, end):
            piece = parted.pieces[k]
            piece[TO_LEFT], piece[TO_RIGHT] = left, right
            left += piece[N_LEFT]
            right += piece[LAST] - piece[FIRST] - piece[N_LEFT]
        begin = end


@kernel
def leave_children(chosen, n_chosen, first_new, parted):
    """Let the rows of the children of some nodes be where they are, with their parents."""
    for place in range(n_chosen):
        for child in (first_new + 2 * place, first_new + 2 * place + 1):
            parted.sides[child] = WITH_PARENT
            parted.segments[child, 0] = parted.segments[child, 1] = chosen[place]


@kernel
def move_rows(piece, side, parted, move_gradients):
    """Put the rows of a piece, and their gradients, on the other side: left ones first, in the order they have.

    ::

        goes left           1 0 0 1 1 0
        rows, this side   [ 0 1 2 3 4 5 ]
        rows, other side  [ 0 3 4 1 2 5 ]
                            ^     ^
                            targets of the left and of the right rows; each moves on when it is used
    """
    other = 2 if side == 1 else 1
    from_rows, to_rows = parted.rows[side], parted.rows[other]
    from_gradients, to_gradients = parted.gradients[side], parted.gradients[other]
    left, right = np.uint64(piece[TO_LEFT]), np.uint64(piece[TO_RIGHT])
    first, last = np.uint64(piece[FIRST]), np.uint64(piece[LAST])
    # No branch on a row's answer: it would be guessed wrong half of the time.
    if move_gradients:
        for k in range(first, last):
            goes = np.uint64(parted.goes_left[k])
            target = left if goes else right
            to_rows[target] = from_rows[k]
            to_gradients[target, 0], to_gradients[target, 1] = from_gradients[k, 0], from_gradients[k, 1]
            left += goes
            right += np.uint64(1) - goes
        return
    for k in range(first, last):
        goes = np.uint64(parted.goes_left[k])
        to_rows[left if goes else right] = from_rows[k]
        left += goes
        right += np.uint64(1) - goes


@kernel
def move_pieces(thread, n_threads, team, parted, chosen, n_pieces, move_gradients):
    """Put the rows of all pieces on the other side; a team's kernel."""
    task = next_task(thread, n_threads, team, n_pieces)
    while task < n_pieces:
        piece = parted.pieces[task]
        move_rows(piece, parted.sides[chosen[piece[NODE]]], parted, move_gradients)
        task = next_task(thread, n_threads, team, n_pieces)
    wait_for_all(team, n_threads)


@kernel
def count_nodes(thread, n_threads, team, table, parted, nodes, slots, histograms, scratch):
    """Histograms of some nodes; a team's kernel."""
    n_tasks = len(nodes) * len(table.codes)
    task = next_task(thread, n_threads, team, n_tasks)
    while task < n_tasks:
        group, place = task // len(nodes), task % len(nodes)
        clear_group(group, scratch.every, table, histograms[slots[place]])
        count_group(group, nodes[place], table, parted, histograms[slots[place]], scratch.shared)
        task = next_task(thread, n_threads, team, n_tasks)
    wait_for_all(team, n_threads)


@kernel
def add_values(thread, n_threads, team, table, parted, nodes, values, margin, scratch):
    """Add the value of each leaf to the margins of its rows, a block of margins after the other; a team's kernel."""
    n_blocks = -(-len(margin) // ROWS_PER_BLOCK)
    block = next_task(thread, n_threads, team, n_blocks)
    while block < n_blocks:
        add_values_of_leaves(block, parted, nodes, values, margin)
        add_values_of_children(block, table, parted, nodes, values, scratch, margin)
        block = next_task(thread, n_threads, team, n_blocks)
    wait_for_all(team, n_threads)


@kernel
def add_values_of_leaves(block, parted, nodes, values, margin):
    """Add the values of those leaves that have rows of their own to a block of margins."""
    for node in range(len(values)):
        if nodes.facts[node].left < 0 and parted.sides[node] != WITH_PARENT:
            first, last = places_of_block(node, block, parted)
            rows, value = parted.rows[parted.sides[node], first:last], values[node]
            for k in range(np.uint64(len(rows))):
                margin[np.uint64(rows[k])] += value


@kernel
def add_values_of_children(block, table, parted, nodes, values, scratch, margin):
    """The same for leaves whose rows are with their parents."""
    answers, value_of_code = scratch.answers, scratch.value_of_code
    for parent in range(len(values)):
        left = nodes.facts[parent].left
        if left < 0 or parted.sides[left] != WITH_PARENT:
            continue
        for code in range(answer_codes(parent, table, nodes, answers)):
            value_of_code[code] = values[left] if answers[code] else values[left + 1]
        group, shift, mask = lane_of(nodes.facts[parent].feature, table)
        first, last = places_of_block(parent, block, parted)
        words, rows = table.codes[group], parted.rows[parted.sides[parent], first:last]
        for k in range(np.uint64(len(rows))):
            row = np.uint64(rows[k])
            margin[row] += value_of_code[(words[row] >> shift) & mask]


@kernel
def places_of_block(node, block, parted):
    """First and last (exclusive) place of those rows of a node whose margins are in a block."""
    begin, end = parted.segments[node, 0], parted.segments[node, 1]
    rows = parted.rows[parted.sides[node], begin:end]
    return begin + n_below(block * ROWS_PER_BLOCK, rows), begin + n_below((block + 1) * ROWS_PER_BLOCK, rows)


@kernel
def n_below(row, rows):
    """How many of some rows, in rising order, have a smaller number."""
    first, last = 0, len(rows)
    while first < last:
        middle = (first + last) // 2
        if rows[middle] < row:
            first = middle + 1
        else:
            last = middle
    return first
