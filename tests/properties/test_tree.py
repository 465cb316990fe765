"""Laws of decision trees, on tables that Hypothesis makes up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

N_FEATURES = 3
ROWS = st.lists(
    st.tuples(*[st.integers(-3, 3).map(float)] * N_FEATURES, st.integers(0, 3), st.integers(1, 3)),
    min_size=4,
    max_size=40,
)
SEED = st.integers(0, 100)


def split(rows):
    """X, y and weights; few values, so that ties and equal rows are common, and every sum is exact."""
    table = np.array(rows, dtype=float)
    return table[:, :N_FEATURES].astype(np.float32), table[:, N_FEATURES], table[:, -1]


@given(ROWS, SEED, st.sampled_from([DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor]))
@settings(deadline=None, max_examples=60)
def test_a_weight_is_a_repetition(rows, seed, model):
    X, y, weight = split(rows)
    times = weight.astype(int)
    weighted = model(random_state=seed).fit(X, y, weight).tree_
    repeated = model(random_state=seed).fit(np.repeat(X, times, axis=0), np.repeat(y, times)).tree_
    for name in ("children_left", "feature", "threshold", "impurity", "value", "weighted_n_node_samples"):
        np.testing.assert_array_equal(getattr(weighted, name), getattr(repeated, name), err_msg=name)


@pytest.mark.parametrize("model", [DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor])
@given(rows=ROWS, seed=SEED, directions=st.tuples(*[st.sampled_from([-1, 0, 1])] * N_FEATURES), best=st.booleans())
@settings(deadline=None, max_examples=40)
def test_monotone_columns(model, rows, seed, directions, best):
    X, y, weight = split(rows)
    classes = model is DecisionTreeClassifier
    tree = model(random_state=seed, monotonic_cst=directions, max_leaf_nodes=8 if best else None)
    tree.fit(X, y > 1 if classes else y, weight)
    if classes and len(tree.classes_) < 2:
        return
    # A row that moves along one column: everywhere, the answers go one way.
    steps = np.linspace(-4, 4, 17, dtype=np.float32)
    for f, direction in enumerate(directions):
        moved = np.repeat(X, len(steps), axis=0)
        moved[:, f] = np.tile(steps, len(X))
        answers = tree.predict_proba(moved)[:, 1] if classes else tree.predict(moved)
        rises = np.diff(answers.reshape(len(X), -1), axis=1)
        assert np.all(rises * direction >= 0)


@given(ROWS, SEED, st.sampled_from([DecisionTreeClassifier, DecisionTreeRegressor]))
@settings(deadline=None, max_examples=25)
def test_pruned_trees_are_nested(rows, seed, model):
    X, y, weight = split(rows)
    path = model(random_state=seed).cost_complexity_pruning_path(X, y, weight)
    assert np.all(np.diff(path.ccp_alphas) >= -1e-12)
    assert np.all(np.diff(path.impurities) >= -1e-12)
    finer = model(random_state=seed).fit(X, y, weight)
    for alpha in np.unique(path.ccp_alphas[path.ccp_alphas > 0]):
        pruned = model(random_state=seed, ccp_alpha=alpha).fit(X, y, weight)
        assert pruned.get_n_leaves() <= finer.get_n_leaves()
        # Rows that share a leaf still do.
        pairs = np.unique(np.stack([finer.apply(X), pruned.apply(X)]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1]
        finer = pruned
    if path.ccp_alphas[-1] > 0:
        assert finer.get_n_leaves() == 1
