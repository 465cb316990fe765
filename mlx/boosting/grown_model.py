"""A grown model is what `Booster` holds: the trees so far, round after round, and what they start from.

It grows at its end, a round at a time, and can be cut::

    trees          t0   t1   t2 | t3   t4   t5 | t6   t7   t8        three outputs, one tree each in a round
    output         0    1    2  | 0    1    2  | 0    1    2
    round_start    0              3              6              9
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree, TreeEnsemble
from ..tree.xgboost_document import OBJECTIVES, XGBoostModel, margin_of
from .continuation import EarlierModel

__all__ = ["GrownModel", "model_of_file"]


@dataclass
class GrownModel:
    """Trees and what they start from.

    Parameters
    ----------
    objective : str
    objective_parameters : dict of str to (dict of str to str)
        As a model file has them.
    base_score : ndarray of float32, shape (n_outputs,)
        Where the predictions start, in units of the prediction (multi:*: of the margin).
    n_features : int
    n_classes : int
        0 unless the objective has classes of its own.
    n_parallel_trees : int
        Trees per round and output.
    booster : {"gbtree", "dart"}
    category_names : tuple, or None
    position_bias : ndarray or None
        As a model file has it.
    trees, tree_output, tree_weight : list
        One entry per tree; the output of a tree with vectors in its leaves is -1.
    round_start : list of int
        First tree of each round, and the number of trees.
    """

    objective: str
    objective_parameters: Mapping[str, Mapping[str, str]]
    base_score: NDArray[np.float32]
    n_features: int
    n_classes: int = 0
    n_parallel_trees: int = 1
    booster: Literal["gbtree", "dart"] = "gbtree"
    category_names: Any = None
    position_bias: Any = None
    trees: list[Tree] = field(default_factory=list)
    tree_output: list[int] = field(default_factory=list)
    tree_weight: list[float] = field(default_factory=list)
    round_start: list[int] = field(default_factory=lambda: [0])

    @property
    def n_outputs(self) -> int:
        """Margins per row."""
        return len(self.base_score)

    @property
    def n_rounds(self) -> int:
        """Rounds so far."""
        return len(self.round_start) - 1

    @property
    def link(self) -> Any:
        """What the margins are the link of."""
        return OBJECTIVES[self.objective]

    @property
    def base_margin(self) -> NDArray[np.float32]:
        """Where the margins start, shape (n_outputs,)."""
        return margin_of(self.base_score, self.link)

    def add_round(self, trees: Sequence[Tree], weights: Sequence[float]) -> None:
        """Add the trees of a round, those of an output side by side; the weights are those of all trees."""
        self.trees += trees
        self.tree_output += [-1 if t.value.ndim == 2 else k // self.n_parallel_trees for k, t in enumerate(trees)]
        self.tree_weight = list(weights)
        self.round_start.append(len(self.trees))

    def earlier(self) -> EarlierModel:
        """The model as one that training goes on from."""
        start = np.array(self.round_start, dtype=np.int64)
        return EarlierModel(self.ensemble(), self.base_score, start, self.n_parallel_trees)

    def continued(self, other: GrownModel) -> GrownModel:
        """These trees under the objective of another model, which has none."""
        own = self.rounds(range(self.n_rounds))
        booster = "dart" if "dart" in (self.booster, other.booster) else "gbtree"
        objective = {"objective": other.objective, "objective_parameters": other.objective_parameters}
        return replace(own, booster=booster, **objective)  # type: ignore[arg-type]

    def ensemble(self, first: int = 0, last: int | None = None, names: Sequence[str] | None = None) -> TreeEnsemble:
        """The trees of the rounds from the first up to, not including, the last."""
        part = slice(self.round_start[first], self.round_start[self.n_rounds if last is None else last])
        return self.some_trees(part, names)

    def some_trees(self, part: slice, names: Sequence[str] | None = None) -> TreeEnsemble:
        """Some of the trees as what predicts; they start where the model starts."""
        return TreeEnsemble(
            tuple(self.trees[part]),
            n_features=self.n_features,
            n_outputs=self.n_outputs,
            base_score=self.base_margin.astype(np.float64),
            link=self.link,
            tree_weight=np.array(self.tree_weight[part]),
            tree_output=np.array(self.tree_output[part], dtype=np.int32),
            feature_names=None if names is None else tuple(names),
        )

    def rounds(self, chosen: Sequence[int]) -> GrownModel:
        """A model with some of the rounds, which shares its trees with this one."""
        parts = [slice(self.round_start[number], self.round_start[number + 1]) for number in chosen]
        return replace(
            self,
            trees=[tree for part in parts for tree in self.trees[part]],
            tree_output=[output for part in parts for output in self.tree_output[part]],
            tree_weight=[weight for part in parts for weight in self.tree_weight[part]],
            round_start=np.cumsum([0, *(part.stop - part.start for part in parts)]).tolist(),
        )

    def file(
        self, names: Sequence[str] | None, types: Sequence[str] | None, attributes: Mapping[str, str]
    ) -> XGBoostModel:
        """The model as a file has it."""
        return XGBoostModel(
            ensemble=self.ensemble(names=names),
            objective=self.objective,
            objective_parameters=self.objective_parameters,
            base_score=self.base_score,
            n_classes=self.n_classes,
            round_start=np.array(self.round_start, dtype=np.int64),
            n_parallel_trees=self.n_parallel_trees,
            booster=self.booster,
            feature_types=None if types is None else tuple(types),
            category_names=self.category_names,
            position_bias=self.position_bias,
            attributes=attributes,
        )


def model_of_file(model: XGBoostModel) -> GrownModel:
    """Grown model of what stands in a file."""
    ensemble = model.ensemble
    return GrownModel(
        model.objective,
        model.objective_parameters,
        model.base_score,
        ensemble.n_features,
        n_classes=model.n_classes,
        n_parallel_trees=model.n_parallel_trees,
        booster=model.booster,
        category_names=model.category_names,
        position_bias=model.position_bias,
        trees=list(ensemble.trees),
        tree_output=np.asarray(ensemble.tree_output).tolist(),
        tree_weight=np.asarray(ensemble.tree_weight).tolist(),
        round_start=model.round_start.tolist(),
    )
