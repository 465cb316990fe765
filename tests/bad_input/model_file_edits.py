"""Edits of xgboost's model file that keep it JSON: each breaks one rule, or changes what the file says.

An edit is a function of a random generator and a document, which it changes in place. `EDITS` says for each what must
come of it: "refused", "read" (it must then predict as the text says), or "either".
"""

from tests.bad_input import model_file_edits_of_forms as forms
from tests.bad_input import model_file_edits_of_trees as trees
from tests.bad_input.model_file_edits_of_trees import booster_model, pick

ONE_OUTPUT = ("squared_error", "logistic", "pruned", "forest", "dart", "categories")
TWO_OUTPUTS = ("two_targets", "softprob")
# Of xgboost 3.2; one that 3.4 writes otherwise, and with it weights of trees in another place.
ALL = (*ONE_OUTPUT, *TWO_OUTPUTS, "vector_leaf", "3.4/dart")

REQUIRED_KEYS = {
    "learner": ("attributes", "gradient_booster", "learner_model_param", "objective"),
    "learner_model_param": ("base_score", "num_class", "num_feature"),
    "model": ("gbtree_model_param", "tree_info", "trees"),
    "tree": ("base_weights", "default_left", "id", "left_children", "loss_changes", "parents", "right_children"),
    "tree, too": ("split_conditions", "split_indices", "sum_hessian", "tree_param"),
    "tree with types": ("categories", "categories_nodes", "categories_segments", "categories_sizes"),
}


def place_of(rng, document, group):
    """The object that has the keys of a group."""
    learner = document["learner"]
    if group == "learner":
        return learner
    if group == "learner_model_param":
        return learner["learner_model_param"]
    return booster_model(document) if group == "model" else pick(rng, booster_model(document)["trees"])


def required_key_missing(rng, document):
    group = pick(rng, list(REQUIRED_KEYS))
    del place_of(rng, document, group)[pick(rng, REQUIRED_KEYS[group])]


def wrong_type(rng, document):
    group = pick(rng, list(REQUIRED_KEYS))
    place, key = place_of(rng, document, group), pick(rng, REQUIRED_KEYS[group])
    others = [None, "", "text", 1.5, True, -7, {"a": []}, [[]], [None]]
    place[key] = pick(rng, [other for other in others if type(other) is not type(place[key]) or key == "trees"])


def count_of_trees(rng, document):
    parameters, n_trees = booster_model(document)["gbtree_model_param"], len(booster_model(document)["trees"])
    parameters["num_trees"] = pick(rng, [str(n_trees + 1), str(n_trees - 1), "-1", "x", "", n_trees, "1e1", "99999999"])


def output_out_of_range(rng, document):
    model = booster_model(document)
    model["tree_info"][rng.integers(len(model["tree_info"]))] = pick(rng, [7, -1, 2**31, -(2**63), 2**64, 65_536])


def output_of_another(rng, document):
    info = booster_model(document)["tree_info"]
    position = rng.integers(len(info))
    info[position] = (info[position] + 1) % (max(info) + 1)


def length_of_outputs(rng, document):
    info = booster_model(document)["tree_info"]
    info.append(0) if rng.random() < 0.5 else info.pop()


def number_of_outputs(rng, document):
    parameters = document["learner"]["learner_model_param"]
    key = "num_class" if parameters["num_class"] != "0" else "num_target"
    value = pick(rng, ["1", "4", "5", "7", "100000000", "-3", "x", ""])
    parameters[key] = value
    if "softmax_multiclass_param" in document["learner"]["objective"] and rng.random() < 0.5:
        document["learner"]["objective"]["softmax_multiclass_param"]["num_class"] = value


def rounds(rng, document):
    model = booster_model(document)
    start = model["iteration_indptr"]
    wrong = [start[:-1], start[1:], [], start + [start[-1] + 1], [-1] + start[1:], start[::-1], [0.0], None]
    wrong += [[0] + start[:-1] + [start[-1]], [0, start[-1] - 1], [0, 2**70]]
    model["iteration_indptr"] = pick(rng, wrong)


def number_of_features(rng, document):
    parameters = document["learner"]["learner_model_param"]
    parameters["num_feature"] = pick(rng, ["0", "-1", "4", "1000000000", "99999999999999999999", 5, "5.0", "٥", " 5"])


def base_score(rng, document):
    parameters = document["learner"]["learner_model_param"]
    parameters["base_score"] = pick(
        rng, ["nan", "[nan]", "inf", "1e39", "[]", "", 0.5, [0.5], "[0.5,]", "[1,2,3,4]", "0x1", "1_0", "[[1]]", None]
    )


def start_beyond_float32(rng, document):
    document["learner"]["learner_model_param"]["base_score"] = pick(rng, ["1e39", "-1e39", "[1E400]", "[9e38]"])


def size_above_the_limit(rng, document):
    """Columns, outputs, trees, nodes, categories, or numbers of categories: nothing may be made room for."""
    parameters, model = document["learner"]["learner_model_param"], booster_model(document)
    tree = pick(rng, [tree for tree in model["trees"] if tree["categories"]])
    huge = int(pick(rng, [2**31, 10**12, 2**62]))
    what = pick(rng, ["num_feature", "num_class", "num_target", "num_trees", "num_nodes", "category", "number"])
    if what in parameters:
        parameters[what] = str(huge)
    elif what == "num_trees":
        model["gbtree_model_param"][what] = str(huge)
    elif what == "num_nodes":
        tree["tree_param"][what] = str(huge)
    elif what == "category":
        tree["categories"][-1] = huge
    else:
        tree["categories_sizes"][-1] = huge


def share_out_of_range(rng, document):
    document["learner"]["learner_model_param"]["base_score"] = pick(
        rng, ["-0.5", "[1.5E0]", "-1e-30", "1.0000002", "7"]
    )


def objective(rng, document):
    document["learner"]["objective"] = pick(
        rng,
        [
            {"name": "reg:unknown"},
            {"name": 3},
            {},
            [],
            {"name": "multi:softmax", "softmax_multiclass_param": {"num_class": "9"}},
            {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": 1.0}},
            {"name": "reg:squarederror", "reg_loss_param": []},
        ],
    )


def booster(rng, document):
    document["learner"]["gradient_booster"]["name"] = pick(rng, ["gblinear", "tree", "", None, 0])


def names_of_features(rng, document):
    names = document["learner"]["feature_names"]
    wrong = [names[:-1], names + ["more"], names[:-1] + names[:1], [*names[:-1], 5], "names", {"a": 1}]
    document["learner"]["feature_names"] = pick(rng, wrong)


def types_of_features(rng, document):
    types = document["learner"]["feature_types"]
    document["learner"]["feature_types"] = pick(rng, [types[:-1], [*types[:-1], "x"], [*types[:-1], 1], 7])


def attributes(rng, document):
    document["learner"]["attributes"] = pick(rng, [{"a": 1}, {"a": None}, [], "text", {"mlx": {}}])


def names_of_categories(rng, document):
    bytes_of = {"offsets": [0, 1, 2], "values": [97, 98]}
    empty = {"offsets": [], "values": []}
    right = {"enc": [bytes_of, *[empty] * 4], "feature_segments": [0, 2, 2, 2, 2, 2], "sorted_idx": [0, 1]}
    wrong = [
        {**right, "enc": right["enc"][:-1]},
        {**right, "feature_segments": [0, 2, 2, 2, 2, 3]},
        {**right, "sorted_idx": [0, 0]},
        {**right, "sorted_idx": [0, 1, 2]},
        {**right, "enc": [{"offsets": [0, 3], "values": [97, 98]}, *[empty] * 4]},
        {**right, "enc": [{"offsets": [0, 2, 1], "values": [97, 98]}, *[empty] * 4]},
        {**right, "enc": [{"type": 9, "values": [1, 1]}, *[empty] * 4]},
        {**right, "enc": [{"offsets": [0, 1, 2], "values": [97, 1000]}, *[empty] * 4]},
        {**right, "enc": [{"type": 9, "values": [1, 1000]}, *[empty] * 4]},
        {**right, "enc": [{"type": 99, "values": [1, 2]}, *[empty] * 4]},
        {key: right[key] for key in ("enc", "sorted_idx")},
        None,
    ]
    booster_model(document)["cats"] = pick(rng, wrong)


def version(rng, document):
    document["version"] = pick(rng, ["3.2", [3, 2], [3, 2, -1], [3, 2.0, 0], None, {}])


# What the file may say ------------------------------------------------------------------------------------------------


def other_base_score(rng, document):
    text = pick(rng, ["0", "1E0", "[1e-60]", *[f"{rng.uniform(0.01, 0.99):.7E}"] * 5])
    document["learner"]["learner_model_param"]["base_score"] = text


def optional_keys_removed(rng, document):
    learner, model = document["learner"], booster_model(document)
    document.pop("version", None)
    for key in ("feature_names", "feature_types"):
        learner.pop(key)
    learner["learner_model_param"].pop("boost_from_average")
    if rng.random() < 0.5:
        model.pop("iteration_indptr")
        model.pop("cats")


def unknown_keys(rng, document):
    for place in (document, document["learner"], booster_model(document), booster_model(document)["trees"][0]):
        if rng.random() < 0.7:
            place[f"key {rng.integers(1000)}"] = pick(rng, [None, 1, [1, "a", {"b": []}], {"c": 1.5}])


def rounds_removed(rng, document):
    model = booster_model(document)
    start = model["iteration_indptr"]
    n_rounds = int(rng.integers(len(start) - 1))
    kept = start[n_rounds]
    model["iteration_indptr"] = start[: n_rounds + 1]
    model["gbtree_model_param"]["num_trees"] = str(kept)
    del model["trees"][kept:], model["tree_info"][kept:]
    forms.weight_place(document).get("weight_drop", [])[kept:] = []


def anything_anywhere(rng, document):
    """Replace one value, found by a random walk from the top."""
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = pick(rng, keys)
        if not isinstance(place[key], dict | list) or not place[key] or rng.random() < 0.05:
            break
        place = place[key]
    values = [None, 0, 1, -1, 2**31 - 1, 0.0, -1.5, 1e39, float("nan"), "", "1", "x", [], {}, True, 3, 2.5]
    place[key] = pick(rng, values)


# Name: (models that have what is edited, edit, outcome).
EDITS = {
    edit.__name__.replace("_", " "): (models, edit, "refused")
    for models, edit in [
        (ALL, required_key_missing),
        (ALL, wrong_type),
        (ALL, count_of_trees),
        (ALL, output_out_of_range),
        (TWO_OUTPUTS, output_of_another),
        (ALL, length_of_outputs),
        (TWO_OUTPUTS, number_of_outputs),
        (ALL, rounds),
        (ALL, number_of_features),
        (ALL, base_score),
        (ALL, start_beyond_float32),
        (("categories",), size_above_the_limit),
        (("logistic",), share_out_of_range),
        (ALL, objective),
        (ALL, booster),
        (ALL, names_of_features),
        (ALL, types_of_features),
        (ALL, attributes),
        (ALL, names_of_categories),
        (ALL, version),
    ]
}
EDITS |= {
    edit.__name__.replace("_", " "): (models, edit, "read")
    for models, edit in [
        (ALL, other_base_score),
        (ALL[:5], optional_keys_removed),
        (ALL, unknown_keys),
        (ALL, rounds_removed),
    ]
}
EDITS |= {"anything anywhere": (ALL, anything_anywhere, "either")}
EDITS |= {
    edit.__name__.replace("_", " "): (models or ALL, edit, outcome)
    for models, edit, outcome in (*trees.EDITS, *forms.EDITS)
}

# What a reader must find out before it builds anything: the edits that break it, and what is said of it.
RULES = {
    "sizes are capped": (["size above the limit"], r"must lie from 0|must lie from 1|there are \d+ categories"),
    "what must be there is there": (["required key missing"], "is missing"),
    "arrays are arrays, texts are texts": (["wrong type"], "must be (a|an) "),
    "arrays hold one type": (
        ["integer among floats", "float among integers", "no number in an array", "no number in a vector"],
        "must hold (floats|integers) alone",
    ),
    "arrays have their length": (["length of an array", "number of nodes", "vectors length"], r"has \d+ elements"),
    "children lie in the tree": (["child not there", "child negative"], "no such child"),
    "both children or neither": (["right child alone"], "a right child without a left one"),
    "the right child follows the left one": (["children exchanged"], "must be the left child plus one"),
    "no node has two parents": (["shared children", "subtree cut off"], "the child of exactly one node"),
    "every node is reached from the root": (["cycle beside the tree"], "not reached from the root"),
    "no cycles": (["child in a cycle"], "exactly one node|no such child"),
    "columns are those of the model": (["column not there", "column negative"], "no such column"),
    "thresholds are finite": (["threshold not finite"], "threshold is not finite"),
    "leaves are finite": (["leaf not finite", "vector not finite"], "value (of a leaf )?is not finite"),
    "starts are finite": (["start beyond float32"], "is not finite"),
    "trees have an output of the model": (["output out of range"], "outputs|64 bits"),
    "categories are codes": (["category out of range"], "it must lie from 0"),
    "categories rise": (["categories not rising"], "does not rise"),
    "sizes and segments of categories agree": (["sizes of categories", "segments of categories"], "categories_"),
    "counts of trees and rounds agree": (
        ["count of trees", "length of outputs", "rounds"],
        "num_trees|tree_info|iteration",
    ),
    "unknown keys are read over": (["unknown keys"], "unknown"),
}
