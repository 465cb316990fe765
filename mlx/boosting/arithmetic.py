"""The arithmetic of a node is what decided about it, written out as one would by hand.

With G and H the sums of gradients and Hessians of the node's rows, λ, α, γ and η the parameters reg_lambda, reg_alpha,
gamma and learning_rate, the lines evaluate the formulas of `mlx.boosting.splitting`, by calling its functions::

    weight       w = -T(G) / (H + λ)                             what the node would answer as a leaf, before η
    similarity   T(G)² / (H + λ)                                 twice the loss that this saves
    gain         similarity(left) + similarity(right) - similarity
    missing      the gain with missing values on the left, and on the right

G and H are those that growing has recorded, or what the weights of a tree without a record tell (`node_sums`). Where
columns have directions, weights keep between the bounds of their node, and a node of weight w is worth

    -(2 G w + (H + λ) w²)

instead of T(G)² / (H + λ), as with max_delta_step. Where a loss has quantiles of residuals for leaves, its weights are
shown, which decided about the splits, and the quantile. Trees with vectors in their leaves: see `vector_arithmetic`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree, TreeEnsemble
from ..tree.dump import feature_name, question_text
from ..tree.record import GrowthRecord
from .node_sums import GrowthRules, node_bounds, node_sums, tree_learning_rate
from .splitting import Penalty, bounded_gain, gain_of_weight, leaf_weight, similarity, soft_threshold, split_gain

__all__ = ["NodeArithmetic", "NodeNumbers", "node_arithmetic"]

# How far a recorded gain may be from the one that is worked out, relative to the similarities that it is made of: room
# for float32, a hundred times over; another λ is off by much more.
GAIN_TOLERANCE = 1e-4


@dataclass(frozen=True)
class NodeArithmetic:
    """What decided about one node; its text form is the working.

    Parameters
    ----------
    tree, node : int
    gradient, cover : float
        G and H; of trees with vectors in their leaves an array each, as of the next one, shape (n_outputs,).
    weight : float
        What the node would answer as a leaf, before the learning rate, between its bounds.
    similarity : float
        T(G)² / (H + λ), or what a weight that was cut off is worth; the sum over all outputs.
    gain : float
        Of its split; 0 at a leaf.
    gain_missing_left, gain_missing_right : float
        Gain with missing values on either side; NaN where none was missing, where that is not known, or where a child
        would be too small.
    lines : tuple of str
        The working.
    """

    tree: int
    node: int
    gradient: Any
    cover: Any
    weight: Any
    similarity: float
    gain: float
    gain_missing_left: float
    gain_missing_right: float
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    __repr__ = __str__


class NodeNumbers:
    """The numbers of a tree's nodes under the rules of its growth, and how they are written."""

    def __init__(self, tree: Tree, sums: NDArray[np.float64], rules: GrowthRules) -> None:
        self.tree, self.sums, self.rules, self.penalty = tree, sums, rules, rules.penalty
        self.is_bounded = len(rules.direction) > 0
        self.own_bounds, self.bounds_below = node_bounds(tree, sums, rules)

    def weight(self, node: int) -> float:
        """As a leaf, between the bounds of the node."""
        return float(np.clip(leaf_weight(*self.sums[node], self.penalty), *self.own_bounds[node]))

    def worth(self, node: int) -> float:
        """Similarity, or what the weight is worth if it was brought between bounds."""
        if self.is_bounded:
            return float(gain_of_weight(*self.sums[node], np.float32(self.weight(node)), self.penalty))
        return float(similarity(*self.sums[node], self.penalty))

    def gain(self, node: int, left: NDArray[np.float64]) -> float:
        """Of parting the node's sums into those of the left side and the rest."""
        right, parent = self.sums[node] - left, np.float32(self.worth(node))
        if self.is_bounded:
            direction, (low, high) = self.rules.direction[self.tree.feature[node]], self.bounds_below[node]
            return float(bounded_gain(*left, *right, parent, direction, low, high, self.penalty))
        return float(split_gain(*left, *right, parent, self.penalty))

    def worth_text(self, node: int) -> str:
        """`worth`, worked out."""
        (G, H), value = self.sums[node], digits(self.worth(node))
        if self.is_bounded or self.penalty.max_delta_step:
            w = bracketed(self.weight(node))
            below = _denominator(H, self.penalty)
            return f"-(2 G w + (H + λ) w²) = -(2 · {bracketed(G)} · {w} + {below} · {w}²) = {value}"
        name = "T(G)" if self.penalty.reg_alpha else "G"
        thresholded = soft_threshold(G, self.penalty.reg_alpha)
        return f"{name}² / (H + λ) = {bracketed(thresholded)}² / {_denominator(H, self.penalty)} = {value}"

    def weight_text(self, node: int) -> str:
        """`weight`, worked out."""
        G, H = self.sums[node]
        text, free = _weight_text(G, H, self.penalty), float(leaf_weight(G, H, self.penalty))
        low, high = self.own_bounds[node]
        if low <= free <= high:
            return text
        name, bound = ("below", low) if free < low else ("above", high)
        return f"{text}, {name} its bound, so {digits(bound)}"


def node_arithmetic(ensemble: TreeEnsemble, number: int, node: int, rules: GrowthRules) -> NodeArithmetic:
    """Work out a node.

    Parameters
    ----------
    ensemble : TreeEnsemble
    number, node : int
        Tree, and node in it.
    rules : GrowthRules
        With which the tree was grown.

    Returns
    -------
    NodeArithmetic

    Raises
    ------
    ValueError
        If there is no such node, if its sums are not known, or if these parameters do not give the node's numbers.
    """
    tree, penalty = ensemble.trees[number], rules.penalty
    if not 0 <= node < tree.n_nodes:
        raise ValueError(f"node={node}: tree {number} has nodes 0 to {tree.n_nodes - 1}")
    if tree.value.ndim == 2:
        from .vector_arithmetic import vector_node_arithmetic

        return vector_node_arithmetic(ensemble, number, node, rules)
    rate = tree_learning_rate(tree, rules)
    sums = node_sums(tree, penalty, rate)
    G, H = sums[node]
    if not np.isfinite(G) or (tree.record is None and (len(rules.direction) or rules.leaf_quantile)):
        raise ValueError(
            f"node={node}: its sum of gradients is not known, as tree {number} has no record of its growth, and "
            "reg_alpha, max_delta_step, monotone_constraints, learning_rate or the objective hide it"
        )
    known = NodeNumbers(tree, sums, rules)
    weight, is_leaf = known.weight(node), bool(tree.left[node] < 0)
    asks = "leaf" if is_leaf else f"{question_text(ensemble, tree, node)} ?"
    lines = [f"tree {number}, node {node}: {asks}", line_of("sums", f"G = {digits(G)}, H = {digits(H)}")]
    if penalty.reg_alpha:
        lines.append(line_of("threshold", f"T(G) = sign(G) max(|G| - α, 0) = {_thresholded(G, penalty)}"))
    if np.isfinite(known.own_bounds[node]).any():
        low, high = known.own_bounds[node]
        lines.append(line_of("bounds", f"w from {digits(low)} to {digits(high)}, by monotone_constraints"))
    lines.append(line_of("weight", known.weight_text(node)))
    lines.append(line_of("similarity", known.worth_text(node)))
    if is_leaf:
        lines += [_value_line(tree, number, node, weight, rate, rules)]
        lines += refused_lines(ensemble, tree, node, rules.gamma)
        return NodeArithmetic(number, node, G, H, weight, known.worth(node), 0.0, np.nan, np.nan, tuple(lines))
    gain, gain_lines = _gain_lines(known, number, node)
    sides = _gains_by_side(known, node)
    lines += [*gain_lines, line_of("missing", missing_text(tree, node, *sides))]
    lines += runner_up_lines(ensemble, tree.record, node, gain)
    return NodeArithmetic(number, node, G, H, weight, known.worth(node), gain, *sides, tuple(lines))


def _value_line(tree: Tree, number: int, node: int, weight: float, rate: float, rules: GrowthRules) -> str:
    """What a leaf adds to the margin."""
    value = float(tree.value[node])
    if rules.leaf_quantile:
        return line_of("value", quantile_text(value, rate))
    check_stored(tree, number, node, rate * weight, value, 1.0)
    stated = "" if rate == rules.learning_rate else ", with the η of this tree"
    return line_of("value", f"η w = {digits(rate)} · {bracketed(weight)} = {digits(value)}{stated}")


def quantile_text(value: float, rate: float) -> str:
    """What a leaf that is a quantile adds to the margin."""
    quantile = bracketed(value / rate if rate else 0.0)
    about = "q the quantile of y - f of the leaf's rows, in the place of w"
    return f"η q = {digits(rate)} · {quantile} = {digits(value)}, {about}"


def _gain_lines(known: NodeNumbers, number: int, node: int) -> tuple[float, list[str]]:
    """Gain of the split, and the lines about both children and about it."""
    tree, gamma = known.tree, known.rules.gamma
    left, right = int(tree.left[node]), int(tree.right[node])
    gain, parent = known.gain(node, known.sums[left]), known.worth(node)
    terms = [known.worth(child) for child in (left, right)]
    check_stored(tree, number, node, gain, float(tree.gain[node]), sum(map(abs, terms)) + abs(parent))
    lines = []
    for name, child in (("left", left), ("right", right)):
        G, H = known.sums[child]
        bounded = f"w = {digits(known.weight(child))}, " if known.is_bounded else ""
        about = f"node {child}: G = {digits(G)}, H = {digits(H)}, {bounded}similarity {known.worth_text(child)}"
        lines.append(line_of(name, about))
    decision = f"at least γ = {digits(gamma)}" if gain >= gamma else f"below γ = {digits(gamma)}"
    working = f"{digits(terms[0])} + {digits(terms[1])} - {bracketed(parent)} = {digits(gain)}"
    return gain, [*lines, line_of("gain", f"{working}, {decision}")]


def _gains_by_side(known: NodeNumbers, node: int) -> tuple[float, float]:
    """Gain with missing values on the left and on the right; NaN where it is not known or a child is too small."""
    tree, sums = known.tree, known.sums
    if tree.record is None or not tree.record.missing_sums[node].any():
        return np.nan, np.nan
    missing = tree.record.missing_sums[node]
    present_left = sums[tree.left[node]] - (missing if tree.missing_left[node] else 0.0)
    gains = []
    for left in (present_left + missing, present_left):
        right = sums[node] - left
        # The side that was taken is large enough; rounding may have brought the other one to just above zero.
        least = max(known.penalty.min_child_weight, 1e-9 * sums[node, 1])
        gain = known.gain(node, left) if min(left[1], right[1]) >= least else -np.inf
        gains.append(gain if np.isfinite(gain) else np.nan)
    return gains[0], gains[1]


def missing_text(tree: Tree, node: int, gain_left: float, gain_right: float) -> str:
    side = "left" if tree.missing_left[node] else "right"
    if tree.record is None:
        return f"go {side}, as the file says; it does not say why"
    G, H = tree.record.missing_sums[node]
    if not (G or H):
        return f"no row; a value that is missing later goes {side}"
    gains = [
        f"not allowed on the {name}" if np.isnan(gain) else f"gain {digits(gain)} on the {name}"
        for name, gain in (("left", gain_left), ("right", gain_right))
    ]
    return f"G = {digits(G)}, H = {digits(H)}: {', '.join(gains)}, so they go {side}"


def runner_up_lines(ensemble: TreeEnsemble, record: GrowthRecord | None, node: int, gain: float) -> list[str]:
    if record is None:
        return []
    if record.runner_up_feature[node] < 0:
        return [line_of("runner-up", "no other column gains anything")]
    second = float(record.runner_up_gain[node])
    return [
        line_of(
            "runner-up", f"{_candidate(ensemble, record, node)} gains {digits(second)}, {digits(gain - second)} less"
        )
    ]


def refused_lines(ensemble: TreeEnsemble, tree: Tree, node: int, gamma: float) -> list[str]:
    record = tree.record
    if record is None:
        return []
    for branch in record.pruned:
        if branch.leaf == node:
            gains = ", ".join(digits(gain) for gain in branch.tree.gain[~branch.tree.is_leaf])
            asked = question_text(ensemble, branch.tree, 0)
            return [line_of("pruned", f"{asked}, and what was below: gains {gains}, all less than γ = {digits(gamma)}")]
    if record.runner_up_feature[node] < 0:
        return [line_of("no split", "none lowers the loss, or none was looked for, as the tree may not be deeper")]
    gain = float(record.runner_up_gain[node])
    why = f"less than γ = {digits(gamma)}" if gain < gamma else "but is not taken: too little, or too many leaves"
    return [line_of("refused", f"{_candidate(ensemble, record, node)}, the best split, gains {digits(gain)}, {why}")]


def _candidate(ensemble: TreeEnsemble, record: GrowthRecord, node: int) -> str:
    name = feature_name(ensemble, int(record.runner_up_feature[node]))
    codes = record.candidate_categories(node)
    if codes:
        return f"{name}:{{{','.join(map(str, codes))}}}"
    return f"{name}{ensemble.comparison}{digits(record.runner_up_threshold[node])}"


def _weight_text(G: float, H: float, penalty: Penalty) -> str:
    weight = leaf_weight(G, H, penalty)
    if penalty.min_child_weight > H:
        return f"0, as H is below min_child_weight = {digits(penalty.min_child_weight)}"
    name = "T(G)" if penalty.reg_alpha else "G"
    text = f"w = -{name} / (H + λ) = {digits(-soft_threshold(G, penalty.reg_alpha))} / {_denominator(H, penalty)}"
    free = -soft_threshold(G, penalty.reg_alpha) / (H + penalty.reg_lambda)
    if 0 < penalty.max_delta_step < abs(free):
        return f"{text} = {digits(free)}, cut off at max_delta_step: {digits(weight)}"
    return f"{text} = {digits(weight)}"


def _thresholded(G: float, penalty: Penalty) -> str:
    sign, alpha = ("-" if G < 0 else ""), digits(penalty.reg_alpha)
    return f"{sign}max({digits(abs(G))} - {alpha}, 0) = {digits(soft_threshold(G, penalty.reg_alpha))}"


def _denominator(H: float, penalty: Penalty) -> str:
    return f"({digits(H)} + {digits(penalty.reg_lambda)})"


def check_stored(tree: Tree, number: int, node: int, worked_out: float, stored: float, scale: float) -> None:
    """Refuse parameters that are not those of the growth: they would make an arithmetic that nobody has done."""
    if abs(worked_out - stored) > GAIN_TOLERANCE * max(scale, abs(stored)):
        what = "value" if tree.left[node] < 0 else "gain"
        raise ValueError(
            f"node={node}: its {what} is {digits(stored)} in tree {number}, but {digits(worked_out)} with the present "
            "parameters; set reg_lambda, reg_alpha, learning_rate and the others to those of the training"
        )


def line_of(name: str, text: str) -> str:
    return f"  {name:<12}{text}"


def digits(number: float) -> str:
    """Six digits, as one would write them; no minus before a zero."""
    return f"{float(number) + 0.0:.6g}"


def bracketed(number: float) -> str:
    text = digits(number)
    return f"({text})" if text.startswith("-") else text
