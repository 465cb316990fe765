"""What decision trees have in common: parameters in fractions and words become numbers, and leaves become answers.

The tree itself is grown by `growing.grow` and kept as a `CartTree`.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from math import ceil
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, clone
from sklearn.utils import Bunch, check_random_state, metadata_routing
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.validation import _check_n_features, check_is_fitted

from ..validation import naming, validate_data
from .cart_tree import CartTree, cart_ensemble
from .ensemble import TreeEnsemble

if TYPE_CHECKING:
    from .frontier import GrowthSettings

__all__ = ["BaseDecisionTree", "growth_settings"]

LARGEST_SEED = 2**31 - 1
NO_LIMIT = 2**31 - 1


class BaseDecisionTree(MultiOutputMixin, BaseEstimator, metaclass=ABCMeta):
    """Decision tree; the classes that are used say what the targets are."""

    # `check_input` only saves time: it is no metadata.
    __metadata_request__predict: ClassVar[dict] = {"check_input": metadata_routing.UNUSED}

    _parameter_constraints: ClassVar[dict] = {
        "splitter": [StrOptions({"best", "random"})],
        "max_depth": [Interval(Integral, 1, None, closed="left"), None],
        "min_samples_split": [
            Interval(Integral, 2, None, closed="left"),
            Interval(RealNotInt, 0.0, 1.0, closed="right"),
        ],
        "min_samples_leaf": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0.0, 1.0, closed="neither"),
        ],
        "min_weight_fraction_leaf": [Interval(Real, 0.0, 0.5, closed="both")],
        "max_features": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0.0, 1.0, closed="right"),
            StrOptions({"sqrt", "log2"}),
            None,
        ],
        "random_state": ["random_state"],
        "max_leaf_nodes": [Interval(Integral, 2, None, closed="left"), None],
        "min_impurity_decrease": [Interval(Real, 0.0, None, closed="left")],
        "ccp_alpha": [Interval(Real, 0.0, None, closed="left")],
        "monotonic_cst": ["array-like", None],
    }

    @abstractmethod
    def _targets(self, y: NDArray) -> tuple[Any, NDArray[np.float64] | None]:
        """Store what the targets are; them for `grow`, and weights of the samples that they imply, if any."""

    def get_depth(self):
        """Depth of the deepest leaf; 0 if the tree is a leaf.

        Returns
        -------
        int
        """
        check_is_fitted(self)
        return self.tree_.max_depth

    def get_n_leaves(self):
        """Number of leaves.

        Returns
        -------
        int
        """
        check_is_fitted(self)
        return self.tree_.n_leaves

    def apply(self, X, check_input=True):
        """Leaf that each row reaches, by its number in `tree_`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        check_input : bool, default=True
            False: X is an array of float32 already, or a CSR matrix of it.

        Returns
        -------
        ndarray of int64, shape (n_samples,)
        """
        check_is_fitted(self)
        return self.tree_.apply(self._rows(X, check_input))

    def decision_path(self, X, check_input=True):
        """Nodes that each row passes on its way to a leaf.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        check_input : bool, default=True
            False: X is an array of float32 already, or a CSR matrix of it.

        Returns
        -------
        CSR matrix of shape (n_samples, n_nodes)
            1 where the row passes the node.
        """
        check_is_fitted(self)
        return self.tree_.decision_path(self._rows(X, check_input))

    def cost_complexity_pruning_path(self, X, y, sample_weight=None):
        """Values of `ccp_alpha` at which the tree loses a branch, and the impurity of the leaves from there on.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        Bunch
            ``ccp_alphas`` and ``impurities``, arrays of the same length.
        """
        whole = clone(self).set_params(ccp_alpha=0.0).fit(X, y, sample_weight=sample_weight)
        from .cost_complexity import pruning_path

        alphas, impurities = pruning_path(whole.tree_)
        return Bunch(ccp_alphas=alphas, impurities=impurities)

    @property
    def feature_importances_(self):
        """Share of each column in the decrease of impurity, ndarray of shape (n_features,)."""
        check_is_fitted(self)
        return self.tree_.compute_feature_importances()

    def _fit(self, X: Any, y: Any, sample_weight: Any, check_input: bool) -> None:
        random_state = check_random_state(self.random_state)
        if check_input:
            X, y = self._validated(X, y)
        else:
            self.n_features_in_ = X.shape[1]
        y = np.atleast_1d(y)
        y = y.reshape(-1, 1) if y.ndim == 1 else y
        if len(y) != X.shape[0]:
            raise ValueError(f"y: {len(y)} targets for {X.shape[0]} rows of X")
        self.n_outputs_ = y.shape[1]
        targets, implied = self._targets(y)
        weights = self._weights(sample_weight, X)
        if implied is not None:
            weights = implied if weights is None else weights * implied
        from .growing import grow, table_for

        settings = growth_settings(self, X.shape[0], X.shape[1], weights)
        self.max_features_ = settings.max_features
        monotonic = self._monotonic(X.shape[1])
        seed = random_state.randint(0, LARGEST_SEED)
        table = table_for(X, targets, settings, self.splitter)
        tree = grow(table, targets, weights, settings, seed, monotonic_cst=monotonic)
        self._keep(tree)

    def _keep(self, tree: CartTree) -> None:
        """Store a grown tree, pruned."""
        from .cost_complexity import prune

        self.tree_ = prune(tree, self.ccp_alpha) if self.ccp_alpha > 0.0 else tree

    def _validated(self, X: Any, y: Any) -> tuple[Any, Any]:
        """X as float32 (dense, or CSC), and y."""
        finite: Any = "allow-nan" if self._knows_missing(X) else True
        X, y = validate_data(
            self,
            X,
            y,
            validate_separately=(
                {"dtype": np.float32, "accept_sparse": "csc", "ensure_all_finite": finite},
                {"ensure_2d": False, "dtype": None},
            ),
        )
        _refuse_wide_indices(X)
        return X, y

    def _weights(self, sample_weight: Any, X: Any) -> NDArray[np.float64] | None:
        """Weights as float64; they may be negative, as in scikit-learn."""
        if sample_weight is None:
            return None
        from sklearn.utils.validation import _check_sample_weight

        with naming("sample_weight"):
            return _check_sample_weight(sample_weight, X, dtype=np.float64)

    def __tree_ensemble__(self) -> TreeEnsemble:
        """The tree for explanations, plots and text: the margins are what is predicted."""
        check_is_fitted(self)
        return cart_ensemble([self.tree_], getattr(self, "feature_names_in_", None))

    def _rows(self, X: Any, check_input: bool) -> Any:
        """Rows to predict, as float32."""
        if not check_input:
            _check_n_features(self, X, reset=False)
            return X
        finite: Any = "allow-nan" if self._knows_missing(X) else True
        X = validate_data(self, X, dtype=np.float32, accept_sparse="csr", reset=False, ensure_all_finite=finite)
        _refuse_wide_indices(X)
        return X

    def _knows_missing(self, X: Any) -> bool:
        return not sparse.issparse(X) and self.__sklearn_tags__().input_tags.allow_nan

    def _monotonic(self, n_features: int) -> NDArray[np.int8] | None:
        """Direction of each column, None if no column has one."""
        if self.monotonic_cst is None:
            return None
        directions = np.asarray(self.monotonic_cst)
        if self.n_outputs_ > 1:
            raise ValueError("monotonic_cst: not supported with several outputs")
        if directions.shape != (n_features,):
            raise ValueError(f"monotonic_cst: shape {directions.shape}, but X has {n_features} features")
        if not np.isin(directions, (-1, 0, 1)).all():
            raise ValueError(f"monotonic_cst: must hold -1, 0 or 1, got {np.unique(directions)}")
        return directions.astype(np.int8)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def growth_settings(
    estimator: Any, n_samples: int, n_features: int, weights: NDArray[np.floating] | None
) -> GrowthSettings:
    """Parameters of a tree or forest as numbers of samples and columns.

    Parameters
    ----------
    estimator : object
        Has the parameters of a decision tree as attributes.
    n_samples, n_features : int
        Shape of the table.
    weights : ndarray of shape (n_samples,), or None
    """
    min_leaf = _number(estimator.min_samples_leaf, n_samples)
    min_split = max(2, _number(estimator.min_samples_split, n_samples), 2 * min_leaf)
    weight = n_samples if weights is None else np.sum(weights)
    from .growing import CRITERIA, GrowthSettings

    return GrowthSettings(
        criterion=CRITERIA[estimator.criterion],
        max_depth=NO_LIMIT if estimator.max_depth is None else min(int(estimator.max_depth), NO_LIMIT),
        min_samples_split=min_split,
        min_samples_leaf=min_leaf,
        min_weight_leaf=float(estimator.min_weight_fraction_leaf * weight),
        max_features=_n_columns(estimator.max_features, n_features),
        max_leaf_nodes=-1 if estimator.max_leaf_nodes is None else int(estimator.max_leaf_nodes),
        min_impurity_decrease=float(estimator.min_impurity_decrease),
    )


def _number(samples: int | float, n_samples: int) -> int:
    """A number of samples that is given as such, or as a share of all."""
    return int(samples) if isinstance(samples, Integral) else ceil(samples * n_samples)


def _n_columns(max_features: int | float | str | None, n_features: int) -> int:
    if max_features is None:
        return n_features
    if isinstance(max_features, str):
        return max(1, int({"sqrt": np.sqrt, "log2": np.log2}[max_features](n_features)))
    if isinstance(max_features, Integral):
        return int(max_features)
    return max(1, int(max_features * n_features))


def _refuse_wide_indices(X: Any) -> None:
    if sparse.issparse(X) and (X.indices.dtype != np.intc or X.indptr.dtype != np.intc):
        raise ValueError("X: no support for np.int64 index based sparse matrices")
