"""Edits of what some model files have and others have not: parallel trees, weights of trees, vectors, ranking."""

from tests.bad_input.model_file_edits_of_trees import NOT_FINITE, booster_model, inner_nodes, pick

DROPPED = ("dart", "3.4/dart")
VECTORS = ("vector_leaf", "3.4/vector_leaf")
NO_NUMBERS = (None, 1, "1", [], True)


def weight_place(document):
    """The object that has the weights of the trees: beside the model up to 3.2, within it from 3.4 on."""
    booster = document["learner"]["gradient_booster"]
    return booster if booster["name"] == "dart" else booster["model"]


def a_tree(rng, document):
    return pick(rng, booster_model(document)["trees"])


def weights_of_trees(rng, document):
    place = weight_place(document)
    weights = place["weight_drop"]
    changed = list(weights)
    changed[rng.integers(len(changed))] = pick(rng, [*NOT_FINITE, *NO_NUMBERS])
    place["weight_drop"] = pick(rng, [weights[:-1], weights + [1.0], [], changed, changed, "1", None, {}])


def weights_missing(rng, document):
    """The name says that there are weights; without that name they may be missing."""
    del document["learner"]["gradient_booster"]["weight_drop"]


def parallel_trees(rng, document):
    parameters = booster_model(document)["gbtree_model_param"]
    parameters["num_parallel_tree"] = pick(rng, ["0", "-2", "x", "", "1.5", "1e1", 2, None, "99999999999", " 2"])


def rounds_without_all_parallel_trees(rng, document):
    """Without starts of rounds, their number follows from the parallel trees, and must be whole."""
    model = booster_model(document)
    del model["iteration_indptr"]
    model["gbtree_model_param"]["num_parallel_tree"] = pick(rng, ["4", "5", "7", "2147483647"])


def vectors_length(rng, document):
    array = a_tree(rng, document)[pick(rng, ["leaf_weights", "base_weights"])]
    array.append(0.5) if rng.random() < 0.5 else array.pop()


def vectors_missing(rng, document):
    del a_tree(rng, document)["leaf_weights"]


def vector_not_finite(rng, document):
    tree = a_tree(rng, document)
    if rng.random() < 0.5:
        tree["leaf_weights"][rng.integers(len(tree["leaf_weights"]))] = pick(rng, NOT_FINITE)
    else:
        size = int(tree["tree_param"]["size_leaf_vector"])
        tree["base_weights"][size * pick(rng, inner_nodes(tree)) + rng.integers(size)] = pick(rng, NOT_FINITE)


def no_number_in_a_vector(rng, document):
    array = a_tree(rng, document)[pick(rng, ["leaf_weights", "base_weights"])]
    array[rng.integers(len(array))] = pick(rng, NO_NUMBERS)


def number_of_a_leaf(rng, document):
    """The right child of a leaf with a vector is its number among the leaves: another would read other numbers."""
    tree = a_tree(rng, document)
    leaf = pick(rng, [node for node, left in enumerate(tree["left_children"]) if left == -1])
    own = tree["right_children"][leaf]
    tree["right_children"][leaf] = pick(rng, [own + 1, own - 1, -5, 10**6, 2**31 - 1, 2**40])


def output_of_a_vector(rng, document):
    info = booster_model(document)["tree_info"]
    info[rng.integers(len(info))] = pick(rng, [1, 2, -1])


def size_of_vectors(rng, document):
    a_tree(rng, document)["tree_param"]["size_leaf_vector"] = pick(rng, ["1", "3", "0", "-1", "1000000000", "x", 2])


def one_tree_without_vectors(rng, document):
    """A forest of both kinds: nothing says which output the other kind is for."""
    tree = a_tree(rng, document)
    tree["tree_param"]["size_leaf_vector"] = "1"
    tree["base_weights"] = tree["base_weights"][::2]
    tree["right_children"] = [-1 if left == -1 else left + 1 for left in tree["left_children"]]
    tree["parents"][0] = 2**31 - 1


def as_ranking(document):
    document["learner"]["objective"] = {
        "name": "rank:ndcg",
        "lambdarank_param": {"lambdarank_unbiased": "1", "lambdarank_num_pair_per_sample": "4294967295"},
        "ti+": [1.0, 0.75, 0.5],
        "tj-": [1.0, 1.25, 1.5],
    }
    return document["learner"]["objective"]


def bias_of_positions(rng, document):
    objective = as_ranking(document)
    key = pick(rng, ["ti+", "tj-"])
    wrong = [objective[key][:-1], [*objective[key], 1.0], 1.0, "1", None, [1.0, pick(rng, NOT_FINITE), 1.0]]
    wrong += [[1.0, pick(rng, NO_NUMBERS), 1.0]]
    objective[key] = pick(rng, wrong)


def one_bias_of_positions(rng, document):
    objective = as_ranking(document)
    del objective[pick(rng, ["ti+", "tj-"])]


# What the file may say ------------------------------------------------------------------------------------------------


def other_weights_of_trees(rng, document):
    place = weight_place(document)
    place["weight_drop"] = [float(weight) for weight in rng.choice([0.0, 0.25, 1.0, -0.5], len(place["weight_drop"]))]


def rounds_of_parallel_trees(rng, document):
    """Rounds are left out; or there are other ones."""
    model = booster_model(document)
    del model["iteration_indptr"]
    model["gbtree_model_param"]["num_parallel_tree"] = pick(rng, ["1", "2", "3", "6"])


def rounds_joined(rng, document):
    """Rounds of different size, as training goes on with other parameters."""
    model = booster_model(document)
    start = model["iteration_indptr"]
    model["iteration_indptr"] = [start[0], *start[2:]]


def other_vector(rng, document):
    tree = a_tree(rng, document)
    tree["leaf_weights"] = [float(value) for value in rng.normal(size=len(tree["leaf_weights"]))]


def answer_of_a_question(rng, document):
    """Only leaves predict: what inner nodes would answer is nobody's business."""
    tree = a_tree(rng, document)
    size = int(tree["tree_param"]["size_leaf_vector"])
    tree["base_weights"][size * pick(rng, inner_nodes(tree))] = float(rng.normal())


def ranking(rng, document):
    objective = as_ranking(document)
    if rng.random() < 0.3:
        del objective["ti+"], objective["tj-"]
    document["learner"]["learner_model_param"]["base_score"] = f"{rng.normal():.6E}"


EDITS = [
    (DROPPED, weights_of_trees, "refused"),
    (("dart",), weights_missing, "refused"),
    (("forest", "squared_error", "softprob", *VECTORS), parallel_trees, "refused"),
    (("forest",), rounds_without_all_parallel_trees, "refused"),
    (VECTORS, vectors_length, "refused"),
    (VECTORS, vectors_missing, "refused"),
    (VECTORS, vector_not_finite, "refused"),
    (VECTORS, no_number_in_a_vector, "refused"),
    (VECTORS, number_of_a_leaf, "refused"),
    (VECTORS, output_of_a_vector, "refused"),
    (VECTORS, size_of_vectors, "refused"),
    (VECTORS, one_tree_without_vectors, "refused"),
    (("squared_error", "forest"), bias_of_positions, "refused"),
    (("squared_error", "forest"), one_bias_of_positions, "refused"),
    (DROPPED, other_weights_of_trees, "read"),
    (("forest",), rounds_of_parallel_trees, "read"),
    (("forest", "squared_error", "two_targets", "softprob", *VECTORS), rounds_joined, "read"),
    (VECTORS, other_vector, "read"),
    (("squared_error", "logistic", "forest", "dart", *VECTORS), answer_of_a_question, "read"),
    (("squared_error", "forest"), ranking, "read"),
]
