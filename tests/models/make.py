"""Write the small model files of this folder with the version of xgboost that is installed.

Run once per version, with NumPy below 2 for 1.7::

    python tests/models/make.py tests/models

makes a folder named after the version, with each model as JSON or UBJSON and, in ``margins.json``, the rows that it
was asked about and the margins that this version of xgboost gave.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import xgboost

COLUMNS = 5
CATEGORIES = 12

# Name of the file: parameters, and how many columns of the target it takes.
MODELS = {
    "squared_error.json": ({"objective": "reg:squarederror", "max_depth": 4}, 1),
    "logistic.json": ({"objective": "binary:logistic", "scale_pos_weight": 2.0}, 1),
    "logistic.ubj": ({"objective": "binary:logistic", "base_score": 0.3}, 1),
    "softprob.ubj": ({"objective": "multi:softprob", "num_class": 3}, 1),
    "poisson.json": ({"objective": "count:poisson"}, 1),
    "logit_raw.json": ({"objective": "binary:logitraw", "base_score": 0.3}, 1),
    "pruned.json": ({"objective": "reg:squarederror", "tree_method": "exact", "gamma": 2.0, "max_depth": 4}, 1),
    "forest.json": ({"objective": "reg:squarederror", "num_parallel_tree": 2, "subsample": 0.7}, 1),
    "dart.json": ({"objective": "reg:squarederror", "booster": "dart", "rate_drop": 0.7, "one_drop": True}, 1),
    "categories.json": ({"objective": "reg:squarederror", "max_cat_to_onehot": 2}, 1),
    "categories.ubj": ({"objective": "binary:logistic", "max_cat_to_onehot": 100}, 1),
    "two_targets.json": ({"objective": "reg:squarederror"}, 2),
    "vector_leaf.json": ({"objective": "reg:squarederror", "multi_strategy": "multi_output_tree"}, 2),
    "linear.json": ({"objective": "reg:squarederror", "booster": "gblinear"}, 1),
}


def rows(generator, n_rows, categorical):
    """Rows with a fifth of the values missing; with `categorical`, codes in the first column."""
    X = generator.normal(size=(n_rows, COLUMNS)).astype(np.float32)
    if categorical:
        X[:, 0] = generator.integers(0, CATEGORIES, size=n_rows)
    X[generator.random(X.shape) < 0.2] = np.nan
    return X


def target(generator, X, n_targets, objective):
    """A target with interactions, of the kind that the objective takes."""
    known = np.nan_to_num(X)
    score = known[:, 0] % 3 + known[:, 1] * known[:, 2] + 0.1 * generator.normal(size=len(X))
    if objective.startswith("binary"):
        return (score > 1).astype(np.float32)
    if objective.startswith("multi"):
        return np.digitize(score, [0.0, 1.0]).astype(np.float32)
    if objective.startswith("count"):
        return generator.poisson(np.exp(np.clip(score, -2, 2))).astype(np.float32)
    return np.column_stack([score, -2.0 * known[:, 3]]) if n_targets == 2 else score


def train(name, parameters, n_targets):
    """Booster of three rounds, rows to ask it about, and its margins, one row at a time and all at once."""
    generator = np.random.default_rng(len(name))
    categorical = name.startswith("categories")
    types = ["c" if categorical and column == 0 else "q" for column in range(COLUMNS)]
    settings = {"feature_types": types, "feature_names": [f"column {i}" for i in range(COLUMNS)]}
    X = rows(generator, 120, categorical)
    y = target(generator, X, n_targets, parameters["objective"])
    defaults = {"max_depth": 3, "tree_method": "hist", "nthread": 1, "seed": 3}
    if parameters.get("booster") == "gblinear":
        defaults = {"nthread": 1}
    matrix = xgboost.DMatrix(X, y, enable_categorical=True, **settings)
    booster = xgboost.train({**defaults, **parameters}, matrix, 3)
    if name == "logistic.json":
        booster.set_attr(best_iteration="2", note='quotes " and \\ and é')
    asked = rows(generator, 12, categorical)
    if categorical:
        asked[:4, 0] = [40, CATEGORIES, 3, np.nan]
    margin = booster.predict(xgboost.DMatrix(asked, enable_categorical=True, **settings), output_margin=True)
    return booster, asked, margin


def main(folder):
    """Write all models that this version knows."""
    folder = Path(folder) / ".".join(xgboost.__version__.split(".")[:2])
    folder.mkdir(parents=True, exist_ok=True)
    answers = {}
    for name, (parameters, n_targets) in MODELS.items():
        if name == "vector_leaf.json" and folder.name == "1.7":
            continue
        booster, asked, margin = train(name, parameters, n_targets)
        booster.save_model(folder / name)
        # NaN is no JSON: null stands for it.
        cells = [[None if np.isnan(x) else float(x) for x in row] for row in asked]
        answers[name] = {"rows": cells, "margins": np.asarray(margin, float).reshape(len(asked), -1).tolist()}
    (folder / "margins.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
