"""Random forests as one round of boosting: many trees grown with the same gradients, whose values are averaged.

Each tree sees a share of the rows, and each node a share of the columns. At the start of the loss the gradients of the
squared error are those of the targets themselves, so that a leaf without penalty holds their mean, as in the forests of
Breiman (2001); with other losses leaves are Newton steps. Rows are drawn without replacement, each by itself, and not
as bootstrap samples.

Reference: L. Breiman, "Random forests", Machine Learning 45, 2001.
"""

from __future__ import annotations

from typing import Any

from .aliases import with_aliases
from .classifier import XGBClassifier
from .model import XGBModel
from .regressor import XGBRegressor

__all__ = ["XGBRFClassifier", "XGBRFRegressor"]


class Forest(XGBModel):
    """What the forests have in common: one round of `n_estimators` trees."""

    def get_num_boosting_rounds(self) -> int:
        """Number of boosting rounds: 1."""
        return 1

    def get_xgb_params(self) -> dict[str, Any]:
        """Parameters that are those of a Booster, too, see `XGBModel`; the trees are those of one round."""
        return {**super().get_xgb_params(), "num_parallel_tree": self._resolved("n_estimators")}

    def _n_parallel(self) -> int:
        if self._resolved("n_estimators") < 1:
            raise ValueError("n_estimators=0: a forest needs a tree")
        return self._resolved("n_estimators")

    def _refuse_unsupported(self, supported_objectives: tuple[str, ...]) -> None:
        for name in ("early_stopping_rounds", "callbacks", "num_parallel_tree", "booster"):
            if getattr(self, name) not in (None, "gbtree"):
                raise NotImplementedError(
                    f"{type(self).__name__}: parameter {name} is not supported: there is one round"
                )
        super()._refuse_unsupported(supported_objectives)


class XGBRFClassifier(Forest, XGBClassifier):
    """Random forests for classification, with xgboost's parameters and defaults.

    Parameters
    ----------
    learning_rate : float, default=1.0
        Factor of every leaf's weight, divided by the number of trees.
    n_estimators : int, default=None
        Number of trees for each class, or for both of two; None is 100.
    subsample : float, default=0.8
        Share of the rows that a tree sees, each row drawn by itself.
    colsample_bynode : float, default=0.8
        Share of the columns of a depth that is drawn for each node.
    reg_lambda : float, default=1e-05
        L2 penalty on the weights of leaves.
    num_parallel_tree : default=None
        Not supported: `n_estimators` is the number of trees.
    early_stopping_rounds : default=None
        Not supported: there is one round.
    callbacks : default=None
        Not supported: there is one round.
    booster : {'gbtree'}, default=None
        Nothing can be dropped: there is one round.
    validation_fraction : float, default=0.1
        Has no effect, as there are no rounds to stop.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from mlx.boosting import XGBRFClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = XGBRFClassifier(n_estimators=20, max_depth=3).fit(X, y)
    >>> model.tree_ensemble_.n_trees
    60
    >>> model.predict(X[:3])
    array([0, 0, 0])
    """

    @with_aliases
    def __init__(
        self,
        *,
        learning_rate: float | None = 1.0,
        subsample: float | None = 0.8,
        colsample_bynode: float | None = 0.8,
        reg_lambda: float | None = 1e-5,
        **parameters: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            subsample=subsample,
            colsample_bynode=colsample_bynode,
            reg_lambda=reg_lambda,
            **parameters,
        )


class XGBRFRegressor(Forest, XGBRegressor):
    """Random forests for regression, with xgboost's parameters and defaults.

    Parameters
    ----------
    learning_rate : float, default=1.0
        Factor of every leaf's weight, divided by the number of trees.
    n_estimators : int, default=None
        Number of trees for each output; None is 100.
    subsample : float, default=0.8
        Share of the rows that a tree sees, each row drawn by itself.
    colsample_bynode : float, default=0.8
        Share of the columns of a depth that is drawn for each node.
    reg_lambda : float, default=1e-05
        L2 penalty on the weights of leaves.
    num_parallel_tree : default=None
        Not supported: `n_estimators` is the number of trees.
    early_stopping_rounds : default=None
        Not supported: there is one round.
    callbacks : default=None
        Not supported: there is one round.
    booster : {'gbtree'}, default=None
        Nothing can be dropped: there is one round.
    validation_fraction : float, default=0.1
        Has no effect, as there are no rounds to stop.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.boosting import XGBRFRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = XGBRFRegressor(n_estimators=50, max_depth=4).fit(X, y)
    >>> round(model.score(X, y), 1)
    0.6
    """

    @with_aliases
    def __init__(
        self,
        *,
        learning_rate: float | None = 1.0,
        subsample: float | None = 0.8,
        colsample_bynode: float | None = 0.8,
        reg_lambda: float | None = 1e-5,
        **parameters: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            subsample=subsample,
            colsample_bynode=colsample_bynode,
            reg_lambda=reg_lambda,
            **parameters,
        )
