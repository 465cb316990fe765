r"""A forest is the mean of many trees, each grown from other rows and, at every node, from other columns.

Each tree of a random forest sees a bootstrap sample of the rows (`bootstrap`), and each of its nodes searches a few
columns drawn at random. Trees that differ err differently, and the mean of T trees of variance σ² whose errors are
correlated by ρ has the variance

.. math:: \rho \sigma^2 + \frac{1 - \rho}{T} \sigma^2

(Hastie, Tibshirani & Friedman, eq. 15.1): more trees lower the second term only, and the draws are there to lower the
first. Extremely randomized trees (Geurts, Ernst & Wehenkel) see all rows, and draw the thresholds too.

All trees ask about the same table: its columns are ranked once (`mlx.tree.ranking`), unless thresholds are drawn. Trees
are grown by threads, each from a seed of its own, so that the forest is the same for any number of them.
"""

from __future__ import annotations

import sys
import time
import warnings
from abc import ABCMeta, abstractmethod
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, _fit_context, is_classifier
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import Interval, RealNotInt
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ..numeric.threads import resolve_n_jobs, run_tasks
from ..tree.cart_tree import CartTree, cart_ensemble
from ..tree.decision_tree import LARGEST_SEED, growth_settings
from ..tree.ensemble import TreeEnsemble
from ..validation import naming, validate_data
from .bootstrap import draw_rows, n_rows_to_draw, out_of_bag_rows

if TYPE_CHECKING:
    from .flat_forest import FlatForest

__all__ = ["BaseForest"]


class BaseForest(MultiOutputMixin, BaseEstimator, metaclass=ABCMeta):
    """Forest of decision trees; the classes that are used say what the targets are, and how trees are grown."""

    # Class of the trees, and which of its parameters are the forest's.
    _tree_class: ClassVar[Any]
    _tree_parameters: ClassVar[tuple[str, ...]] = (
        "criterion",
        "max_depth",
        "min_samples_split",
        "min_samples_leaf",
        "min_weight_fraction_leaf",
        "max_features",
        "max_leaf_nodes",
        "min_impurity_decrease",
        "ccp_alpha",
        "monotonic_cst",
    )

    _parameter_constraints: ClassVar[dict] = {
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "bootstrap": ["boolean"],
        "oob_score": ["boolean", callable],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "max_samples": [
            None,
            Interval(RealNotInt, 0.0, None, closed="neither"),
            Interval(Integral, 1, None, closed="left"),
        ],
    }

    @abstractmethod
    def _targets(self, y: NDArray, sample_weight: Any) -> tuple[Any, NDArray, NDArray[np.float64] | None]:
        """Store what the targets are; return them for `grow`, as numbers, and the weights that they imply, if any."""

    @abstractmethod
    def _set_out_of_bag(self, means: NDArray[np.float64], y: NDArray) -> None:
        """Store out-of-bag answers, of shape (n_samples, n_outputs * max_n_classes), and their score."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Grow the trees.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rounded to float32. NaN is a missing value, in dense `X` and where the criterion knows it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels of classes, or numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            With ``bootstrap=True`` rows are drawn as often as they weigh, else those of weight 0 are left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has inf, `y` is no valid target, shapes do not fit, or a parameter is out of range.
        """
        begin = time.perf_counter()
        X, y = self._validated(X, y)
        if sample_weight is not None:
            with naming("sample_weight"):
                sample_weight = _check_sample_weight(sample_weight, X)
        self._n_samples, self.n_outputs_ = y.shape
        targets, y, implied = self._targets(y, sample_weight)
        if implied is not None:
            sample_weight = implied if sample_weight is None else sample_weight * implied
        self._sample_weight = sample_weight
        if not self.bootstrap and self.max_samples is not None:
            raise ValueError("max_samples cannot be set with bootstrap=False: the trees see all rows")
        if not self.bootstrap and self.oob_score:
            raise ValueError("oob_score: out-of-bag estimates are there only with bootstrap=True")
        self._n_samples_bootstrap = (
            n_rows_to_draw(X.shape[0], self.max_samples, sample_weight) if self.bootstrap else None
        )
        n_new = self._add_trees(X, y, targets)
        if self.oob_score and (n_new > 0 or not hasattr(self, "oob_score_")):
            self._estimate_out_of_bag(X, y)
        self._report(f"{n_new} trees grown", begin)
        return self

    def apply(self, X):
        """Leaf that each row reaches in each tree.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of int64, shape (n_samples, n_estimators)
            Numbers of nodes, in the tree's ``tree_``.
        """
        check_is_fitted(self)
        rows = self._rows(X)
        return self._flat_forest().leaves(rows, self._n_threads()).astype(np.int64)

    def decision_path(self, X):
        """Nodes that each row passes in each tree.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        indicator : CSR matrix of shape (n_samples, n_nodes of all trees)
            1 where the row passes the node.
        n_nodes_ptr : ndarray of int64, shape (n_estimators + 1,)
            Tree i has the columns ``n_nodes_ptr[i]`` to ``n_nodes_ptr[i + 1]``.
        """
        check_is_fitted(self)
        rows = self._rows(X)
        paths = run_tasks(lambda tree: tree.tree_.decision_path(rows), self.estimators_, self._n_threads())
        n_nodes_ptr = np.concatenate([[0], np.cumsum([path.shape[1] for path in paths])])
        return sparse.hstack(paths).tocsr(), n_nodes_ptr

    def proximity(self, X, Y=None, *, top_k=None):
        """Share of the trees in which two rows reach the same leaf (`mlx.ensemble.proximity`).

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        Y : array-like or sparse matrix of shape (n_others, n_features), default=None
            Rows to compare with; None for those of `X`.
        top_k : int, default=None
            Keep only so many nearest rows for each row of `X`: memory of n_samples (n_estimators + top_k) numbers
            in place of n_samples n_others.

        Returns
        -------
        ndarray of float64, or csr_array if `top_k` is given, of shape (n_samples, n_others)
            From 0 to 1.
        """
        leaves = self.apply(X)
        from .proximity import proximity

        return proximity(leaves, None if Y is None else self.apply(Y), top_k=top_k, n_threads=self._n_threads())

    def outlier_scores(self, X, y=None):
        """How far each row is from the others of its class, by proximity (Breiman's measure, `mlx.ensemble.proximity`).

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), default=None
            Classes of the rows; None takes all for one class.

        Returns
        -------
        ndarray of float64, shape (n_samples,)
            Distance from the class's median in units of its median deviation; above about 10 a row is looked at.
        """
        from .proximity import outlier_scores

        return outlier_scores(self.apply(X), y, n_threads=self._n_threads())

    @property
    def feature_importances_(self):
        """Share of each column in the decrease of impurity, mean of the trees; ndarray of shape (n_features,)."""
        check_is_fitted(self)
        split = [tree.tree_ for tree in self.estimators_ if tree.tree_.node_count > 1]
        if not split:
            return np.zeros(self.n_features_in_)
        shares = run_tasks(CartTree.compute_feature_importances, split, self._n_threads())
        mean = np.mean(shares, axis=0, dtype=np.float64)
        return mean / np.sum(mean)

    @property
    def estimators_samples_(self):
        """Rows that each tree has seen, as often as it has; list of ndarray of int32, drawn again at each call."""
        check_is_fitted(self)
        if not self.bootstrap:
            return [np.arange(self._n_samples, dtype=np.int32) for _ in self.estimators_]
        return [self._draw(tree.random_state) for tree in self.estimators_]

    def __len__(self):
        """Number of trees."""
        return len(self.estimators_)

    def __getitem__(self, index):
        """Tree of that number."""
        return self.estimators_[index]

    def __iter__(self):
        """Go over the trees."""
        return iter(self.estimators_)

    def __tree_ensemble__(self) -> TreeEnsemble:
        """The forest for explanations, plots and text: the margins are what is predicted."""
        check_is_fitted(self)
        return cart_ensemble([tree.tree_ for tree in self.estimators_], getattr(self, "feature_names_in_", None))

    # Fitting ----------------------------------------------------------------------------------------------------------

    def _validated(self, X: Any, y: Any) -> tuple[Any, NDArray]:
        """X as float32 (dense, or CSC), and y of shape (n_samples, n_outputs)."""
        if sparse.issparse(y):
            raise ValueError("y: sparse multilabel-indicator for y is not supported.")
        X, y = validate_data(
            self,
            X,
            y,
            multi_output=True,
            accept_sparse="csc",
            dtype=np.float32,
            ensure_all_finite="allow-nan" if self._knows_missing(X) else True,
        )
        y = np.atleast_1d(y)
        if y.ndim == 2 and y.shape[1] == 1:
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected. Please change the shape of y to "
                "(n_samples,), for example using ravel().",
                DataConversionWarning,
                stacklevel=4,
            )
        return X, y.reshape(-1, 1) if y.ndim == 1 else y

    def _add_trees(self, X: Any, y: NDArray, targets: Any) -> int:
        """Grow the trees that are not there yet; their number."""
        if not self.warm_start or not hasattr(self, "estimators_"):
            self.estimators_: list[Any] = []
        n_old, random_state = len(self.estimators_), check_random_state(self.random_state)
        if self.n_estimators < n_old:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to len(estimators_)={n_old} when "
                "warm_start==True"
            )
        if self.n_estimators == n_old:
            warnings.warn(
                "Warm-start fitting without increasing n_estimators does not fit new trees.", UserWarning, stacklevel=4
            )
            return 0
        template = self._template()
        if n_old > 0:
            self._check_same_form(template)
            # The seeds that the old trees took.
            random_state.randint(LARGEST_SEED, size=n_old)
        seeds = [random_state.randint(LARGEST_SEED) for _ in range(self.n_estimators - n_old)]
        balanced = self.bootstrap and getattr(self, "class_weight", None) == "balanced_subsample"
        from ..tree.growing import table_for
        from .flat_forest import FlatForest
        from .forest_growing import Ground, grow_tree

        settings = growth_settings(template, X.shape[0], X.shape[1], None)
        table = table_for(X, targets, settings, template.splitter, self._n_threads())
        ground = Ground(table, targets, y, self._sample_weight, self._n_samples_bootstrap, balanced)

        def grow_one(number: int) -> Any:
            if self.verbose > 1:
                print(f"building tree {number + 1} of {len(seeds)}")
            return grow_tree(template, seeds[number], ground)

        self.estimators_.extend(run_tasks(grow_one, range(len(seeds)), self._n_threads()))
        self._flat_trees = FlatForest([tree.tree_ for tree in self.estimators_])
        return len(seeds)

    def _template(self) -> Any:
        """A tree with the forest's parameters that lacks its seed and its nodes."""
        self.estimator_ = self._tree_class()
        tree = self._tree_class(**{name: getattr(self, name) for name in self._tree_parameters})
        tree.n_features_in_, tree.n_outputs_ = self.n_features_in_, self.n_outputs_
        return tree

    def _check_same_form(self, template: Any) -> None:
        """New trees must answer as the old ones do."""
        old = self.estimators_[0]
        for name in ("n_features_in_", "n_outputs_", "n_classes_"):
            if np.any(getattr(template, name, 0) != getattr(old, name, 0)):
                raise ValueError(f"warm_start: the trees have {name}={getattr(old, name)}, the new data another")

    def _draw(self, seed: int) -> NDArray[np.int32]:
        """Rows of the bootstrap sample of the tree with that seed."""
        assert self._n_samples_bootstrap is not None
        return draw_rows(seed, self._n_samples, self._n_samples_bootstrap, self._sample_weight)

    def _estimate_out_of_bag(self, X: Any, y: NDArray) -> None:
        """Predict each row by the trees that have not seen it, and score that."""
        kind = type_of_target(y)
        if kind == "unknown" or (kind == "multiclass-multioutput" and is_classifier(self)):
            raise ValueError(
                f"oob_score: The type of target cannot be used to compute OOB estimates. Got {kind} while only the "
                "following are supported: continuous, continuous-multioutput, binary, multiclass, multilabel-indicator."
            )
        from .out_of_bag import out_of_bag_means

        means = out_of_bag_means(
            self._flat_forest(),
            X.tocsr() if sparse.issparse(X) else X,
            lambda tree: out_of_bag_rows(self._draw(self.estimators_[tree].random_state), self._n_samples),
            self._n_threads(),
        )
        self._set_out_of_bag(means, y)

    # Answering --------------------------------------------------------------------------------------------------------

    def _mean_values(self, X: Any) -> NDArray[np.float64]:
        """Mean of the trees' values for each row, shape (n_samples, n_outputs * max_n_classes)."""
        check_is_fitted(self)
        begin = time.perf_counter()
        rows = self._rows(X)
        total = self._flat_forest().sum_of_values(rows, self._n_threads())
        total /= len(self.estimators_)
        self._report(f"{len(self.estimators_)} trees asked about {len(total)} rows", begin)
        return total

    def _flat_forest(self) -> FlatForest:
        """The trees laid end to end: those of the fit, or what the user has made of `estimators_`."""
        trees = [tree.tree_ for tree in self.estimators_]
        from .flat_forest import FlatForest

        return self._flat_trees if self._flat_trees.is_of(trees) else FlatForest(trees)

    def _rows(self, X: Any) -> Any:
        """Rows to predict, as float32."""
        X = validate_data(
            self,
            X,
            dtype=np.float32,
            accept_sparse="csr",
            reset=False,
            ensure_all_finite="allow-nan" if self._knows_missing(X) else True,
        )
        if sparse.issparse(X) and (X.indices.dtype != np.intc or X.indptr.dtype != np.intc):
            raise ValueError("X: no support for np.int64 index based sparse matrices")
        return X

    def _knows_missing(self, X: Any) -> bool:
        return not sparse.issparse(X) and self.__sklearn_tags__().input_tags.allow_nan

    def _n_threads(self) -> int:
        return resolve_n_jobs(self.n_jobs)

    def _report(self, done: str, begin: float) -> None:
        """Say on stderr what was done, if the user wants to know."""
        if self.verbose:
            seconds = time.perf_counter() - begin
            print(f"[{type(self).__name__}] {done} by {self._n_threads()} threads in {seconds:.1f} s", file=sys.stderr)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        # Whether missing values are known is a question of the criterion.
        tags.input_tags.allow_nan = get_tags(self._tree_class(criterion=self.criterion)).input_tags.allow_nan
        return tags
