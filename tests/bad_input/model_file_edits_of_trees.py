"""Edits of the trees of a model file: children, columns, numbers, categories, counts."""

SCALAR = ("squared_error", "logistic", "pruned", "forest", "dart", "two_targets", "softprob")
NODE_KEYS = ("left_children", "right_children", "parents", "split_indices", "split_conditions", "default_left")
NODE_KEYS = (*NODE_KEYS, "loss_changes", "sum_hessian", "base_weights", "split_type")
INTEGER_KEYS = ("left_children", "right_children", "parents", "split_indices", "split_type")
FLOAT_KEYS = ("split_conditions", "loss_changes", "sum_hessian", "base_weights")
NOT_FINITE = (float("nan"), float("inf"), float("-inf"), 1e39, -1e39)


def pick(rng, values):
    return values[rng.integers(len(values))]


def booster_model(document):
    booster = document["learner"]["gradient_booster"]
    return booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]


def a_tree(rng, document):
    return pick(rng, [tree for tree in booster_model(document)["trees"] if tree["left_children"][0] != -1])


def inner_nodes(tree):
    return [node for node, left in enumerate(tree["left_children"]) if left != -1]


def leaves(tree):
    live = [node for node, feature in enumerate(tree["split_indices"]) if feature != 2**31 - 1]
    return [node for node in live if tree["left_children"][node] == -1]


def numeric_nodes(tree):
    return [node for node in inner_nodes(tree) if tree["split_type"][node] == 0]


def edit_node(key, values, nodes=inner_nodes):
    """Edit that puts one of some values into an array, at one of the nodes."""

    def edit(rng, document):
        trees = [tree for tree in booster_model(document)["trees"] if nodes(tree)]
        tree = pick(rng, trees)
        node = pick(rng, nodes(tree))
        tree[key][node] = pick(rng, values(tree, node) if callable(values) else values)

    return edit


def children(tree, node, left):
    """Give a node the children left and left + 1, parents included."""
    tree["left_children"][node], tree["right_children"][node] = left, left + 1
    tree["parents"][left] = tree["parents"][left + 1] = node


def child_in_a_cycle(rng, document):
    tree = a_tree(rng, document)
    node = pick(rng, inner_nodes(tree))
    tree["left_children"][node] = pick(rng, [0, node])
    tree["right_children"][node] = tree["left_children"][node] + 1


def cycle_beside_the_tree(rng, document):
    """A node becomes its own child, and its children those of its parent: each node still has one parent."""
    trees = booster_model(document)["trees"]
    below = [
        (tree, node) for tree in trees for node in inner_nodes(tree) if node and tree["parents"][node] in (0, 1, 2)
    ]
    tree, node = pick(rng, below)
    parent, own = tree["parents"][node], tree["left_children"][node]
    old = tree["left_children"][parent]
    children(tree, node, old)
    children(tree, parent, own)


def shared_children(rng, document):
    tree = pick(rng, [tree for tree in booster_model(document)["trees"] if len(inner_nodes(tree)) > 1])
    first, second = rng.choice(inner_nodes(tree), 2, replace=False)
    tree["left_children"][first] = tree["left_children"][second]
    tree["right_children"][first] = tree["right_children"][second]


def children_exchanged(rng, document):
    tree = a_tree(rng, document)
    node = pick(rng, inner_nodes(tree))
    left, right = tree["left_children"], tree["right_children"]
    left[node], right[node] = right[node], left[node]


def one_child_only(rng, document):
    tree = a_tree(rng, document)
    key = pick(rng, ["left_children", "right_children"])
    tree[key][pick(rng, inner_nodes(tree))] = -1


def subtree_cut_off(rng, document):
    tree = a_tree(rng, document)
    node = pick(rng, inner_nodes(tree))
    tree["left_children"][node] = tree["right_children"][node] = -1


def length_of_an_array(rng, document):
    array = a_tree(rng, document)[pick(rng, NODE_KEYS)]
    array.append(array[-1]) if rng.random() < 0.5 else array.pop()


def number_of_nodes(rng, document):
    parameters = a_tree(rng, document)["tree_param"]
    n_nodes = int(parameters["num_nodes"])
    parameters["num_nodes"] = pick(rng, [str(n_nodes + 2), str(n_nodes - 1), "0", "-5", "1e9", "2147483647", n_nodes])


def columns_of_the_tree(rng, document):
    tree = a_tree(rng, document)
    used = max(tree["split_indices"][node] for node in inner_nodes(tree))
    tree["tree_param"]["num_feature"] = pick(rng, [str(used), "6", "-1", "x", 5, "99999999999"])


def size_of_a_leaf(rng, document):
    a_tree(rng, document)["tree_param"]["size_leaf_vector"] = pick(rng, ["3", "4", "-1", "1000000000", "x", 1])


def number_of_deleted_nodes(rng, document):
    tree = a_tree(rng, document)
    n_deleted = tree["split_indices"].count(2**31 - 1)
    tree["tree_param"]["num_deleted"] = pick(rng, [str(n_deleted + 1), str(n_deleted + 2), "-1", "x", n_deleted])


def number_of_the_tree(rng, document):
    a_tree(rng, document)["id"] = pick(rng, [7, -1, "0", 0.0, None, True])


def integer_among_floats(rng, document):
    array = a_tree(rng, document)[pick(rng, FLOAT_KEYS)]
    array[rng.integers(len(array))] = pick(rng, [0, 1, -5, 2**70, True])


def float_among_integers(rng, document):
    array = a_tree(rng, document)[pick(rng, INTEGER_KEYS)]
    array[rng.integers(len(array))] = pick(rng, [0.0, 1.0, -1.0, float("nan"), 2**70, -(2**63) - 1])


def no_number_in_an_array(rng, document):
    array = a_tree(rng, document)[pick(rng, NODE_KEYS)]
    array[rng.integers(len(array))] = pick(rng, [None, "1", [], {}, "NaN"])


def a_listing(rng, document):
    return pick(rng, [tree for tree in booster_model(document)["trees"] if tree["categories_nodes"]])


def category_out_of_range(rng, document):
    codes = a_listing(rng, document)["categories"]
    codes[rng.integers(len(codes))] = pick(rng, [-1, 2**24, 2**31, 2**40, -(2**31)])


def categories_not_rising(rng, document):
    tree = a_listing(rng, document)
    wide = [k for k, size in enumerate(tree["categories_sizes"]) if size > 1]
    first = tree["categories_segments"][pick(rng, wide)]
    tree["categories"][first + 1] = pick(rng, [tree["categories"][first], max(tree["categories"][first] - 1, 0)])


def sizes_of_categories(rng, document):
    sizes = a_listing(rng, document)["categories_sizes"]
    sizes[rng.integers(len(sizes))] += pick(rng, [1, -1, -100, 2**31, 2**62])


def segments_of_categories(rng, document):
    segments = a_listing(rng, document)["categories_segments"]
    segments[rng.integers(len(segments))] += pick(rng, [1, -1, 2**31, -(2**40)])


def nodes_of_categories(rng, document):
    tree = a_listing(rng, document)
    nodes = tree["categories_nodes"]
    tree["categories_nodes"] = pick(rng, [nodes[:-1], nodes + [len(tree["parents"]) - 1], [-1] + nodes[1:], [2**40]])


# What the file may say ------------------------------------------------------------------------------------------------


def other_categories(rng, document):
    tree = a_listing(rng, document)
    k = rng.integers(len(tree["categories_nodes"]))
    first, size = tree["categories_segments"][k], tree["categories_sizes"][k]
    tree["categories"][first : first + size] = sorted(rng.choice(16, size, replace=False).tolist())


def other_leaf(rng, document):
    tree = a_tree(rng, document)
    if "leaf_weights" in tree:
        tree["leaf_weights"][rng.integers(len(tree["leaf_weights"]))] = float(rng.normal())
    else:
        tree["split_conditions"][pick(rng, leaves(tree))] = float(rng.normal())


def other_direction(rng, document):
    tree = a_tree(rng, document)
    node = pick(rng, inner_nodes(tree))
    tree["default_left"][node] = 1 - tree["default_left"][node]


def pruned_by_hand(rng, document):
    """A node whose children are leaves becomes a leaf; they stay as deleted nodes."""
    tree = a_tree(rng, document)
    last = [node for node in inner_nodes(tree) if {*tree["left_children"][tree["left_children"][node] :][:2]} == {-1}]
    node = pick(rng, last)
    left = tree["left_children"][node]
    tree["split_indices"][left] = tree["split_indices"][left + 1] = 2**31 - 1
    tree["left_children"][node] = tree["right_children"][node] = -1
    tree["split_conditions"][node] = float(rng.normal())
    tree["tree_param"]["num_deleted"] = str(int(tree["tree_param"]["num_deleted"]) + 2)


def numbered_otherwise(rng, document):
    """Pairs of siblings in any order: children may come before their parents."""
    tree = a_tree(rng, document)
    n_pairs = len(tree["parents"]) // 2
    new = {0: 0, -1: -1}
    for old, place in enumerate(rng.permutation(n_pairs).tolist()):
        new |= {1 + 2 * old: 1 + 2 * place, 2 + 2 * old: 2 + 2 * place}
    order = sorted(range(len(tree["parents"])), key=new.__getitem__)
    for key in NODE_KEYS:
        tree[key] = [tree[key][node] for node in order]
    for key in ("left_children", "right_children"):
        tree[key] = [new[node] for node in tree[key]]
    tree["parents"] = [new.get(node, node) for node in tree["parents"]]


EDITS = [
    (None, child_in_a_cycle, "refused"),
    (None, cycle_beside_the_tree, "refused"),
    (None, shared_children, "refused"),
    (None, children_exchanged, "refused"),
    (None, one_child_only, "refused"),
    (None, subtree_cut_off, "refused"),
    (None, length_of_an_array, "refused"),
    (None, number_of_nodes, "refused"),
    (None, columns_of_the_tree, "refused"),
    (None, size_of_a_leaf, "refused"),
    (None, number_of_deleted_nodes, "refused"),
    (None, number_of_the_tree, "refused"),
    (None, integer_among_floats, "refused"),
    (None, float_among_integers, "refused"),
    (None, no_number_in_an_array, "refused"),
    (("categories",), category_out_of_range, "refused"),
    (("categories",), categories_not_rising, "refused"),
    (("categories",), sizes_of_categories, "refused"),
    (("categories",), segments_of_categories, "refused"),
    (("categories",), nodes_of_categories, "refused"),
    (("categories",), other_categories, "read"),
    (None, other_leaf, "read"),
    (None, other_direction, "read"),
    (SCALAR, pruned_by_hand, "read"),
    (SCALAR[:3], numbered_otherwise, "read"),
]


def _named(name, edit):
    edit.__name__ = name
    return edit


def n_nodes_and_beyond(tree, node):
    return [len(tree["parents"]), 10**6, 2**40]


def not_beside_the_left_child(tree, node):
    return [0, node, len(tree["parents"]), 10**9]


def other_parents(tree, node):
    return [node, -1, 10**6, 2**31 - 1]


def below_the_root(tree):
    return inner_nodes(tree)[1:]


EDITS += [
    (models, _named(name, edit_node(key, values, nodes)), outcome)
    for name, models, key, values, nodes, outcome in [
        (
            "child_not_there",
            None,
            "left_children",
            n_nodes_and_beyond,
            inner_nodes,
            "refused",
        ),
        ("child_negative", None, "left_children", [-2, -100, -(2**31), -(2**63)], inner_nodes, "refused"),
        ("right_child_alone", SCALAR, "right_children", [0, 1, 2, 10**9], leaves, "refused"),
        (
            "right_child_elsewhere",
            None,
            "right_children",
            not_beside_the_left_child,
            inner_nodes,
            "refused",
        ),
        ("column_not_there", None, "split_indices", [5, 10**6, 2**40], inner_nodes, "refused"),
        ("column_negative", None, "split_indices", [-1, -(2**31)], inner_nodes, "refused"),
        ("node_marked_deleted", None, "split_indices", [2**31 - 1], inner_nodes, "refused"),
        ("threshold_not_finite", SCALAR, "split_conditions", NOT_FINITE, numeric_nodes, "refused"),
        ("leaf_not_finite", SCALAR, "split_conditions", NOT_FINITE, leaves, "refused"),
        ("weight_not_finite", SCALAR, "base_weights", NOT_FINITE, inner_nodes, "refused"),
        ("gain_not_finite", None, "loss_changes", NOT_FINITE, inner_nodes, "refused"),
        ("cover_not_finite", None, "sum_hessian", NOT_FINITE, leaves, "refused"),
        ("cover_negative", None, "sum_hessian", [-1.0, -1e-6], inner_nodes, "refused"),
        (
            "parent_is_another",
            None,
            "parents",
            lambda t, n: [n, -1, 10**6, 2**31 - 1],
            lambda t: inner_nodes(t)[1:],
            "refused",
        ),
        ("direction_is_no_flag", None, "default_left", [2, -1, 255], inner_nodes, "refused"),
        ("type_of_split_is_no_flag", None, "split_type", [7, -1, 2], inner_nodes, "refused"),
        ("type_of_split_is_another", None, "split_type", lambda t, n: [1 - t["split_type"][n]], inner_nodes, "refused"),
        ("other_threshold", SCALAR, "split_conditions", [0.0, -0.0, 0.25, -1.5, 1e-45, 3e38], numeric_nodes, "read"),
        ("other_column", SCALAR, "split_indices", [0, 1, 2, 3, 4], numeric_nodes, "read"),
    ]
]
