"""The arithmetic of a node whose leaves hold vectors: that of `arithmetic` for each output, and the sum over all.

The lines evaluate the formulas of `vector_growing`, by calling its functions::

    output k     w_k = -T(G_k) / (H_k + λ)            what the node would answer as a leaf, before η
                 -w_k T(G_k)                          what that is worth
    worth        Σ_k -w_k T(G_k)
    gain         worth(left) + worth(right) - worth
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree, TreeEnsemble
from ..tree.dump import question_text
from .arithmetic import (
    NodeArithmetic,
    bracketed,
    check_stored,
    digits,
    line_of,
    quantile_text,
    refused_lines,
    runner_up_lines,
)
from .node_sums import RATE_TOLERANCE, GrowthRules
from .splitting import Penalty, soft_threshold
from .vector_growing import vector_weights, worth

__all__ = ["vector_node_arithmetic", "vector_weights_of", "worth_of"]


def vector_node_arithmetic(ensemble: TreeEnsemble, number: int, node: int, rules: GrowthRules) -> NodeArithmetic:
    """Work out a node; arguments, result and errors as of `arithmetic.node_arithmetic`."""
    tree, penalty = ensemble.trees[number], rules.penalty
    if tree.record is None:
        raise ValueError(f"node={node}: its sums are not known, as tree {number} has no record of its growth")
    sums, is_leaf = tree.record.sums, bool(tree.left[node] < 0)
    weight, own = vector_weights_of(sums, penalty), worth_of(sums[node], penalty)
    asks = "leaf" if is_leaf else f"{question_text(ensemble, tree, node)} ?"
    lines = [f"tree {number}, node {node}: {asks}"]
    lines += [
        line_of(f"output {k}", _output_text(sums[node, k], weight[node, k], penalty)) for k in range(sums.shape[1])
    ]
    lines.append(line_of("worth", _worth_text(sums[node], weight[node], penalty)))
    G, H = sums[node].T
    if is_leaf:
        rate = rules.learning_rate if rules.leaf_quantile else _learning_rate(tree, weight, rules)
        for k, (w, value) in enumerate(zip(weight[node], tree.value[node])):
            if rules.leaf_quantile:
                lines.append(line_of(f"value {k}", quantile_text(float(value), rate)))
                continue
            check_stored(tree, number, node, rate * w, float(value), 1.0)
            lines.append(line_of(f"value {k}", f"η w = {digits(rate)} · {bracketed(w)} = {digits(value)}"))
        lines += refused_lines(ensemble, tree, node, rules.gamma)
        return NodeArithmetic(number, node, G, H, weight[node], own, 0.0, np.nan, np.nan, tuple(lines))
    children = [int(tree.left[node]), int(tree.right[node])]
    gain = _gain(sums[node], sums[children[0]], penalty)
    terms = [worth_of(sums[child], penalty) for child in children]
    check_stored(tree, number, node, gain, float(tree.gain[node]), sum(map(abs, terms)) + abs(own))
    for name, child in zip(("left", "right"), children):
        lines.append(line_of(name, f"node {child}: {_worth_text(sums[child], weight[child], penalty)}"))
    decision = f"at least γ = {digits(rules.gamma)}" if gain >= rules.gamma else f"below γ = {digits(rules.gamma)}"
    working = f"{digits(terms[0])} + {digits(terms[1])} - {bracketed(own)} = {digits(gain)}"
    lines.append(line_of("gain", f"{working}, {decision}"))
    sides = _gains_by_side(tree, node, penalty)
    lines.append(line_of("missing", _missing_text(tree, node, *sides)))
    lines += runner_up_lines(ensemble, tree.record, node, gain)
    return NodeArithmetic(number, node, G, H, weight[node], own, gain, *sides, tuple(lines))


def vector_weights_of(sums: NDArray[np.float64], penalty: Penalty) -> NDArray[np.float64]:
    """Weights of nodes as leaves, before the learning rate, shape (n_nodes, n_outputs)."""
    weight = np.empty(sums.shape[:2])
    vector_weights(np.ascontiguousarray(sums), penalty, weight)
    return weight


def worth_of(sums: NDArray[np.float64], penalty: Penalty) -> float:
    """Worth of a node, from its sums of shape (n_outputs, 2)."""
    return float(worth(np.ascontiguousarray(sums), penalty))


def _gain(sums: NDArray[np.float64], left: NDArray[np.float64], penalty: Penalty) -> float:
    return worth_of(left, penalty) + worth_of(sums - left, penalty) - worth_of(sums, penalty)


def _output_text(sums: NDArray[np.float64], weight: float, penalty: Penalty) -> str:
    """Sums and weight of one output, worked out."""
    G, H = sums
    text, name = f"G = {digits(G)}, H = {digits(H)}, w = ", "T(G)" if penalty.reg_alpha else "G"
    thresholded = soft_threshold(G, penalty.reg_alpha)
    if penalty.min_child_weight > H:
        return f"{text}0, as H is below min_child_weight = {digits(penalty.min_child_weight)}"
    text += f"-{name} / (H + λ) = {digits(-thresholded)} / ({digits(H)} + {digits(penalty.reg_lambda)})"
    free = -thresholded / (H + penalty.reg_lambda)
    if 0 < penalty.max_delta_step < abs(free):
        return f"{text} = {digits(free)}, cut off at max_delta_step: {digits(weight)}"
    return f"{text} = {digits(weight)}"


def _worth_text(sums: NDArray[np.float64], weight: NDArray[np.float64], penalty: Penalty) -> str:
    """Worth of all outputs, added up."""
    name = "T(G)" if penalty.reg_alpha else "G"
    of_outputs = [-w * soft_threshold(G, penalty.reg_alpha) for w, G in zip(weight, sums[:, 0])]
    return f"Σ -w {name} = {' + '.join(map(bracketed, of_outputs))} = {digits(worth_of(sums, penalty))}"


def _learning_rate(tree: Tree, weight: NDArray[np.float64], rules: GrowthRules) -> float:
    """The stated learning rate, unless the leaves agree on another."""
    leaf = tree.is_leaf
    weights, values = weight[leaf].ravel(), tree.value[leaf].ravel().astype(np.float64)
    tells = np.abs(weights) > 1e-3 * np.abs(weights).max(initial=0.0)
    rates = values[tells] / weights[tells]
    rate = float(rates[np.argmax(np.abs(weights[tells]))]) if len(rates) else rules.learning_rate
    stated = np.allclose(rates, rules.learning_rate, rtol=RATE_TOLERANCE, atol=0)
    return rate if not stated and np.allclose(rates, rate, rtol=RATE_TOLERANCE, atol=0) else rules.learning_rate


def _gains_by_side(tree: Tree, node: int, penalty: Penalty) -> tuple[float, float]:
    """Gains with missing values on the left and on the right; NaN if there are none."""
    assert tree.record is not None
    sums, missing = tree.record.sums, tree.record.missing_sums[node]
    if not missing.any():
        return np.nan, np.nan
    present_left = sums[tree.left[node]] - (missing if tree.missing_left[node] else 0.0)
    return _gain(sums[node], present_left + missing, penalty), _gain(sums[node], present_left, penalty)


def _missing_text(tree: Tree, node: int, gain_left: float, gain_right: float) -> str:
    side = "left" if tree.missing_left[node] else "right"
    if np.isnan(gain_left):
        return f"no row; a value that is missing later goes {side}"
    return f"gain {digits(gain_left)} on the left, gain {digits(gain_right)} on the right, so they go {side}"
