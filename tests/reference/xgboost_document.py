"""What xgboost's model file says about a row, read off the document node by node; nothing is checked."""

import math

import numpy as np

f32 = np.float32


def base_margins(learner):
    """Start of each output, from the text of the base score."""
    parameters = learner["learner_model_param"]
    n_outputs = max(int(parameters["num_class"]), int(parameters.get("num_target", "1")))
    scores = [float(f32(float(text))) for text in parameters["base_score"].strip("[]").split(",")]
    scores = scores * n_outputs if len(scores) == 1 else scores
    name = learner["objective"]["name"]
    if name in ("binary:logistic", "reg:logistic"):
        shares = [min(max(score, 1e-6), 1 - 1e-6) for score in scores]
        return [-math.log(1 / share - 1) for share in shares]
    if name.startswith(("count:", "reg:gamma", "reg:tweedie", "survival:")):
        return [math.log(score) for score in scores]
    return scores


def categories_of(tree):
    """Node to the set of categories that go right."""
    listed = {}
    if 1 in map(int, tree.get("split_type", [])):
        rows = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"])
        for node, first, size in rows:
            listed[node] = set(tree["categories"][first : first + size])
    return listed


def leaf_of(tree, row):
    """Node that the row ends in."""
    listed = categories_of(tree)
    node = 0
    while tree["left_children"][node] != -1:
        x = f32(row[tree["split_indices"][node]])
        if np.isnan(x):
            left = bool(tree["default_left"][node])
        elif node in listed:
            left = not (x >= 0 and int(x) in listed[node])
        else:
            with np.errstate(over="ignore"):
                left = x < f32(tree["split_conditions"][node])
        node = tree["left_children" if left else "right_children"][node]
    return node


def margins(document, row):
    """Margin of each output for one row."""
    learner = document["learner"]
    total = base_margins(learner)
    booster = learner["gradient_booster"]
    model = booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]
    weights = booster.get("weight_drop", model.get("weight_drop", [1.0] * len(model["trees"])))
    for tree, output, weight in zip(model["trees"], model["tree_info"], weights):
        leaf, size = leaf_of(tree, row), int(tree["tree_param"]["size_leaf_vector"])
        if size > 1:
            first = tree["right_children"][leaf] * size
            for k in range(size):
                total[k] += weight * tree["leaf_weights"][first + k]
        else:
            total[output] += weight * tree["split_conditions"][leaf]
    return total
