"""Columns of categories: splits, trees, frames and files are those of xgboost 3.2."""

import json

import numpy as np
import pytest
import xgboost

from mlx.boosting.categories import (
    CategoryRules,
    best_category_split,
    category_scratch,
    goes_right,
    parent_of,
    write_right_set,
)
from mlx.boosting.splitting import Penalty


def one_column(n_categories, missing, n_samples=3000, seed=0):
    """Categories, and targets on a grid of 1/64: sums are exact in any order."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(n_categories, n_samples, p=rng.dirichlet(np.ones(n_categories))).astype(np.float32)
    codes[0] = n_categories - 1
    y = np.round((rng.normal(size=n_categories)[codes.astype(int)] + rng.normal(size=n_samples)) * 64) / 64
    codes[rng.random(n_samples) < missing] = np.nan
    return codes, y.astype(np.float32)


def library_split(codes, y, **parameters):
    """Gain, categories that go right, side of the missing values of a tree of one split."""
    table = xgboost.DMatrix(codes[:, np.newaxis], y, feature_types=["c"])
    settings = {"max_depth": 1, "base_score": 0.0, "tree_method": "hist", "nthread": 1, **parameters}
    tree = json.loads(xgboost.train(settings, table, 1).save_raw("json"))
    tree = tree["learner"]["gradient_booster"]["model"]["trees"][0]
    if len(tree["left_children"]) == 1:
        return 0.0, set(), False
    return np.float32(tree["loss_changes"][0]), set(tree["categories"]), bool(tree["default_left"][0])


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("rules", [CategoryRules(), CategoryRules(100, 64), CategoryRules(4, 3)])
@pytest.mark.parametrize("n_categories", [2, 3, 8, 60, 200])
def test_the_split_of_one_column(n_categories, rules, missing):
    codes, y = one_column(n_categories, missing, seed=n_categories)
    penalty = Penalty(1.0, 0.0, 0.0, 5.0)
    histogram = np.zeros((n_categories + 1, 2))
    place = np.where(np.isnan(codes), n_categories, codes).astype(int)
    np.add.at(histogram, place, np.stack([-y.astype(float), np.ones(len(y))], axis=1))
    G, H = histogram.sum(axis=0)
    inf, scratch = np.float32(np.inf), category_scratch(n_categories)
    parent = parent_of(G, H, np.float32(0), False, 0, -inf, inf, penalty)
    gain, split_bin, missing_left, *_ = best_category_split(histogram, n_categories, parent, penalty, rules, scratch)
    right_set = np.zeros(n_categories // 32 + 1, dtype=np.uint32)
    if gain > 0:
        write_right_set(histogram, n_categories, split_bin, penalty, rules, scratch, right_set)
    found = (gain, {c for c in range(n_categories) if goes_right(right_set, c)}, missing_left)
    options = {name: getattr(rules, name) for name in ("max_cat_to_onehot", "max_cat_threshold")}
    assert found == library_split(codes, y, min_child_weight=5, **options)
