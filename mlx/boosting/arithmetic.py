"""The arithmetic of a node is what decided about it, written out as one would by hand.

With G and H the sums of gradients and Hessians of the node's rows, λ, α, γ and η the parameters reg_lambda, reg_alpha,
gamma and learning_rate, the lines evaluate the formulas of `mlx.boosting.splitting`, by calling its functions::

    weight       w = -T(G) / (H + λ)                             what the node would answer as a leaf, before η
    similarity   T(G)² / (H + λ)                                 twice the loss that this saves
    gain         similarity(left) + similarity(right) - similarity
    missing      the gain with missing values on the left, and on the right

G and H are those that growing has recorded. Trees from a model file have no record. There H is the cover, and G comes
from the leaves: w is a leaf's value over η, so that T(G) = -w (H + λ), and a node's G is the sum of its children's.

Weights that bounds from monotone constraints have changed are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree, TreeEnsemble
from ..tree.dump import feature_name, question_text
from ..tree.record import GrowthRecord
from .splitting import Penalty, leaf_weight, similarity, soft_threshold, split_gain

__all__ = ["NodeArithmetic", "node_arithmetic", "node_sums"]

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
        G and H.
    weight : float
        What the node would answer as a leaf, before the learning rate.
    similarity : float
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
    gradient: float
    cover: float
    weight: float
    similarity: float
    gain: float
    gain_missing_left: float
    gain_missing_right: float
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    __repr__ = __str__


def node_arithmetic(
    ensemble: TreeEnsemble, number: int, node: int, penalty: Penalty, gamma: float, learning_rate: float
) -> NodeArithmetic:
    """Work out a node.

    Parameters
    ----------
    ensemble : TreeEnsemble
    number, node : int
        Tree, and node in it.
    penalty : Penalty
    gamma, learning_rate : float
        With which the tree was grown, as the penalty.

    Returns
    -------
    NodeArithmetic

    Raises
    ------
    ValueError
        If there is no such node, if its sums are not known, or if these parameters do not give the node's numbers.
    """
    tree = ensemble.trees[number]
    if not 0 <= node < tree.n_nodes:
        raise ValueError(f"node={node}: tree {number} has nodes 0 to {tree.n_nodes - 1}")
    sums = node_sums(tree, penalty, learning_rate)
    G, H = sums[node]
    if not np.isfinite(G):
        raise ValueError(
            f"node={node}: its sum of gradients is not known, as tree {number} was read from a file, and "
            "reg_alpha, max_delta_step or learning_rate hide it in some leaf"
        )
    weight, own = float(leaf_weight(G, H, penalty)), float(similarity(G, H, penalty))
    is_leaf = tree.left[node] < 0
    asks = "leaf" if is_leaf else f"{question_text(ensemble, tree, node)} ?"
    lines = [f"tree {number}, node {node}: {asks}", _line("sums", f"G = {_text(G)}, H = {_text(H)}")]
    if penalty.reg_alpha:
        lines.append(_line("threshold", f"T(G) = sign(G) max(|G| - α, 0) = {_thresholded(G, penalty)}"))
    lines.append(_line("weight", _weight_text(G, H, penalty)))
    lines.append(_line("similarity", _similarity_text(G, H, penalty)))
    if is_leaf:
        _check(tree, number, node, learning_rate * weight, float(tree.value[node]), 1.0)
        lines.append(_line("value", f"η w = {_text(learning_rate)} · {_bracketed(weight)} = {_text(tree.value[node])}"))
        lines += _refused_lines(ensemble, tree.record, node, gamma)
        return NodeArithmetic(number, node, G, H, weight, own, 0.0, np.nan, np.nan, tuple(lines))
    gain, gain_lines = _gain_lines(tree, number, node, sums, penalty, gamma)
    with_missing_left, with_missing_right = _gains_by_side(tree, node, sums, penalty)
    lines += [*gain_lines, _line("missing", _missing_text(tree, node, with_missing_left, with_missing_right))]
    lines += _runner_up_lines(ensemble, tree.record, node, gain)
    return NodeArithmetic(number, node, G, H, weight, own, gain, with_missing_left, with_missing_right, tuple(lines))


def node_sums(tree: Tree, penalty: Penalty, learning_rate: float) -> NDArray[np.float64]:
    """G and H of each node, shape (n_nodes, 2): recorded ones, or those that the leaves tell; NaN if they do not.

    A leaf does not tell G where α or max_delta_step cuts its weight off.
    """
    if tree.record is not None:
        return tree.record.sums
    sums = np.stack([np.full(tree.n_nodes, np.nan), tree.cover.astype(np.float64)], axis=1)
    for node in range(tree.n_nodes - 1, -1, -1):
        if tree.left[node] >= 0:
            sums[node, 0] = sums[tree.left[node], 0] + sums[tree.right[node], 0]
        elif learning_rate > 0:
            weight = float(tree.value[node]) / learning_rate
            hidden = (weight == 0 and penalty.reg_alpha > 0) or 0 < penalty.max_delta_step <= abs(weight) * (1 + 1e-6)
            thresholded = -weight * (sums[node, 1] + penalty.reg_lambda)
            sums[node, 0] = np.nan if hidden else thresholded + np.sign(thresholded) * penalty.reg_alpha
    return sums


def _gain_lines(
    tree: Tree, number: int, node: int, sums: NDArray[np.float64], penalty: Penalty, gamma: float
) -> tuple[float, list[str]]:
    """Gain of the split, and the lines about both children and about it."""
    left, right = int(tree.left[node]), int(tree.right[node])
    parent = similarity(*sums[node], penalty)
    gain = float(split_gain(*sums[left], *sums[right], parent, penalty))
    terms = [float(similarity(*sums[child], penalty)) for child in (left, right)]
    _check(tree, number, node, gain, float(tree.gain[node]), sum(terms) + float(parent))
    lines = []
    for name, child in (("left", left), ("right", right)):
        G, H = sums[child]
        about = f"node {child}: G = {_text(G)}, H = {_text(H)}, similarity {_similarity_text(G, H, penalty)}"
        lines.append(_line(name, about))
    decision = f"at least γ = {_text(gamma)}" if gain >= gamma else f"below γ = {_text(gamma)}"
    working = f"{_text(terms[0])} + {_text(terms[1])} - {_bracketed(parent)} = {_text(gain)}"
    return gain, [*lines, _line("gain", f"{working}, {decision}")]


def _gains_by_side(tree: Tree, node: int, sums: NDArray[np.float64], penalty: Penalty) -> tuple[float, float]:
    """Gain with missing values on the left and on the right; NaN where it is not known or a child is too small."""
    if tree.record is None or not tree.record.missing_sums[node].any():
        return np.nan, np.nan
    missing = tree.record.missing_sums[node]
    present_left = sums[tree.left[node]] - (missing if tree.missing_left[node] else 0.0)
    gains = []
    for left in (present_left + missing, present_left):
        right = sums[node] - left
        # The side that was taken is large enough; rounding may have brought the other one to just above zero.
        least = max(penalty.min_child_weight, 1e-9 * sums[node, 1])
        large_enough = min(left[1], right[1]) >= least
        parent = similarity(*sums[node], penalty)
        gains.append(float(split_gain(*left, *right, parent, penalty)) if large_enough else np.nan)
    return gains[0], gains[1]


def _missing_text(tree: Tree, node: int, gain_left: float, gain_right: float) -> str:
    side = "left" if tree.missing_left[node] else "right"
    if tree.record is None:
        return f"go {side}, as the file says; it does not say why"
    G, H = tree.record.missing_sums[node]
    if not (G or H):
        return f"no row; a value that is missing later goes {side}"
    gains = [
        f"a child too small on the {name}" if np.isnan(gain) else f"gain {_text(gain)} on the {name}"
        for name, gain in (("left", gain_left), ("right", gain_right))
    ]
    return f"G = {_text(G)}, H = {_text(H)}: {', '.join(gains)}, so they go {side}"


def _runner_up_lines(ensemble: TreeEnsemble, record: GrowthRecord | None, node: int, gain: float) -> list[str]:
    if record is None:
        return []
    if record.runner_up_feature[node] < 0:
        return [_line("runner-up", "no other column gains anything")]
    second = float(record.runner_up_gain[node])
    return [
        _line("runner-up", f"{_candidate(ensemble, record, node)} gains {_text(second)}, {_text(gain - second)} less")
    ]


def _refused_lines(ensemble: TreeEnsemble, record: GrowthRecord | None, node: int, gamma: float) -> list[str]:
    if record is None:
        return []
    if record.runner_up_feature[node] < 0:
        return [_line("no split", "none lowers the loss, or none was looked for, as the tree may not be deeper")]
    gain = float(record.runner_up_gain[node])
    why = f"less than γ = {_text(gamma)}" if gain < gamma else "but is not taken: too little, or too many leaves"
    return [_line("refused", f"{_candidate(ensemble, record, node)}, the best split, gains {_text(gain)}, {why}")]


def _candidate(ensemble: TreeEnsemble, record: GrowthRecord, node: int) -> str:
    name = feature_name(ensemble, int(record.runner_up_feature[node]))
    return f"{name}{ensemble.comparison}{_text(record.runner_up_threshold[node])}"


def _weight_text(G: float, H: float, penalty: Penalty) -> str:
    weight = leaf_weight(G, H, penalty)
    if penalty.min_child_weight > H:
        return f"0, as H is below min_child_weight = {_text(penalty.min_child_weight)}"
    name = "T(G)" if penalty.reg_alpha else "G"
    text = f"w = -{name} / (H + λ) = {_text(-soft_threshold(G, penalty.reg_alpha))} / {_denominator(H, penalty)}"
    free = -soft_threshold(G, penalty.reg_alpha) / (H + penalty.reg_lambda)
    if 0 < penalty.max_delta_step < abs(free):
        return f"{text} = {_text(free)}, cut off at max_delta_step: {_text(weight)}"
    return f"{text} = {_text(weight)}"


def _similarity_text(G: float, H: float, penalty: Penalty) -> str:
    value = _text(similarity(G, H, penalty))
    if penalty.max_delta_step:
        w = _bracketed(leaf_weight(G, H, penalty))
        return f"-(2 G w + (H + λ) w²) = -(2 · {_bracketed(G)} · {w} + {_denominator(H, penalty)} · {w}²) = {value}"
    name = "T(G)" if penalty.reg_alpha else "G"
    thresholded = soft_threshold(G, penalty.reg_alpha)
    return f"{name}² / (H + λ) = {_bracketed(thresholded)}² / {_denominator(H, penalty)} = {value}"


def _thresholded(G: float, penalty: Penalty) -> str:
    sign, alpha = ("-" if G < 0 else ""), _text(penalty.reg_alpha)
    return f"{sign}max({_text(abs(G))} - {alpha}, 0) = {_text(soft_threshold(G, penalty.reg_alpha))}"


def _denominator(H: float, penalty: Penalty) -> str:
    return f"({_text(H)} + {_text(penalty.reg_lambda)})"


def _check(tree: Tree, number: int, node: int, worked_out: float, stored: float, scale: float) -> None:
    """Refuse parameters that are not those of the growth: they would make an arithmetic that nobody has done."""
    if abs(worked_out - stored) > GAIN_TOLERANCE * max(scale, abs(stored)):
        what = "value" if tree.left[node] < 0 else "gain"
        raise ValueError(
            f"node={node}: its {what} is {_text(stored)} in tree {number}, but {_text(worked_out)} with the present "
            "parameters; set reg_lambda, reg_alpha, learning_rate and the others to those of the training "
            "(weights that monotone_constraints have changed are not worked out)"
        )


def _line(name: str, text: str) -> str:
    return f"  {name:<12}{text}"


def _text(number: float) -> str:
    """Six digits, as one would write them; no minus before a zero."""
    return f"{float(number) + 0.0:.6g}"


def _bracketed(number: float) -> str:
    text = _text(number)
    return f"({text})" if text.startswith("-") else text
