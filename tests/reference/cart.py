"""Slow twin of CART: scikit-learn 1.9's trees to the last bit, in plain Python, written to be read. No Numba.

A node is a stretch `rows[start:end]` of one list of row numbers. To look at a column, the stretch is put in its order;
once a split has won, the stretch is parted in two. The order in which rows are left shows in the last bit of sums.
"""

import math
from typing import NamedTuple

import numpy as np

from tests.reference import cart_criteria
from tests.reference.cart_order import StdHeap, introsort, missing_last, swap
from tests.reference.xorshift import Stream

f32 = np.float32
#: Values closer than this count as equal (float32).
FEATURE_THRESHOLD = f32(1e-7)
EPSILON = float(np.finfo(np.float64).eps)
LEAF, UNDEFINED = -1, -2

CRITERIA = {
    "gini": cart_criteria.Gini,
    "entropy": cart_criteria.Entropy,
    "log_loss": cart_criteria.Entropy,
    "squared_error": cart_criteria.SquaredError,
    "absolute_error": cart_criteria.AbsoluteError,
    "poisson": cart_criteria.Poisson,
}


def are_equal(below, above):
    return above <= float(f32(below) + FEATURE_THRESHOLD)


class FeatureDraws:
    """Columns drawn without replacement (Fisher and Yates); those found constant above are not looked at again.

    `features` is one permutation that goes on from node to node:
    [known constants drawn | known constants | constants found | not drawn yet | drawn, not constant].
    """

    def __init__(self, n_features, max_features, stream):
        self.features, self.constants = list(range(n_features)), [0] * n_features
        self.max_features, self.stream = max_features, stream

    def not_constant(self, n_known, is_constant):
        """Yield columns until `max_features` were drawn, at least one of them not constant. Sets `n_constant`."""
        features = self.features
        n_drawn = n_found = n_visited = 0
        end = len(features)
        while end > n_known + n_found and (n_visited < self.max_features or n_visited <= n_found + n_drawn):
            n_visited += 1
            j = self.stream.integer(n_drawn, end - n_found)
            if j < n_known:
                swap(features, n_drawn, j)
                n_drawn += 1
                continue
            j += n_found
            if is_constant(features[j]):
                swap(features, j, n_known + n_found)
                n_found += 1
                continue
            end -= 1
            swap(features, end, j)
            yield features[end]
        # Siblings rely on the order of the constants that were known.
        features[:n_known] = self.constants[:n_known]
        self.constants[n_known : n_known + n_found] = features[n_known : n_known + n_found]
        self.n_constant = n_known + n_found


class Split(NamedTuple):
    """rows[start:pos] go left; a missing value goes left if missing_left."""

    feature: int
    threshold: float
    pos: int
    missing_left: bool


class Node(NamedTuple):
    """A stretch that waits for its split, with what its parent knows of it."""

    start: int
    end: int
    depth: int
    parent: int
    is_left: bool
    impurity: float
    n_constant: int
    lower: float
    upper: float


class Grown(NamedTuple):
    """Arrays of a tree under scikit-learn's names; `value` (n_nodes, n_outputs, most classes)."""

    children_left: np.ndarray
    children_right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_go_to_left: np.ndarray
    impurity: np.ndarray
    n_node_samples: np.ndarray
    weighted_n_node_samples: np.ndarray
    value: np.ndarray


class Grower:
    """The table, the rules and the list of rows."""

    def __init__(self, X, criterion, rules, monotonic_cst, rows, stream, max_features):
        self.values, self.criterion, self.rules = X.T.tolist(), criterion, rules
        self.monotonic_cst = monotonic_cst
        self.rows, self.stream = rows, stream
        self.draws = FeatureDraws(X.shape[1], max_features, stream)
        self.columns = {name: [] for name in Grown._fields}

    def is_allowed(self, pos, feature, node):
        """Whether a split leaves both children large enough and obeys the monotone constraints."""
        leaf = self.rules["min_samples_leaf"]
        if pos - node.start < leaf or node.end - pos < leaf:
            return False
        self.criterion.update(pos)
        sign = 0 if self.monotonic_cst is None else self.monotonic_cst[feature]
        obeys = sign == 0 or self.criterion.obeys(sign, node.lower, node.upper)
        least = self.rules["min_weight_leaf"]
        return obeys and self.criterion.n_left >= least and self.criterion.n_right >= least

    def best_split(self, node):
        """The first of the splits with the largest proxy, over all cuts between two values of the drawn columns."""
        best, best_proxy = None, -math.inf
        for feature in self.draws.not_constant(node.n_constant, lambda f: self.is_constant_once_sorted(f, node)):
            n_missing = self.n_missing
            for missing_left in [False, True] if n_missing else [False]:
                if missing_left:
                    present_end = node.end - n_missing
                    stretch = self.rows[node.start : node.end]
                    self.rows[node.start : node.end] = stretch[-n_missing:] + stretch[: present_end - node.start]
                self.criterion.reset()
                for pos, threshold in self.cuts(feature, node, missing_left):
                    if not self.is_allowed(pos, feature, node):
                        continue
                    proxy = self.criterion.proxy()
                    if proxy > best_proxy:
                        best_proxy = proxy
                        goes_left = missing_left if n_missing else pos - node.start > node.end - pos
                        best = Split(feature, threshold, pos, goes_left)
        if best is not None:
            self.part(best, node)
        return best

    def is_constant_once_sorted(self, feature, node):
        """Put the node's rows in the order of a column, missing values last; True if there is nothing to cut."""
        values = self.values[feature]
        stretch = missing_last(self.rows[node.start : node.end], values)
        n_present = sum(not math.isnan(values[i]) for i in stretch)
        present = stretch[:n_present]
        introsort(present, values)
        self.rows[node.start : node.end] = present + stretch[n_present:]
        self.n_missing = len(stretch) - n_present
        if n_present == 0:
            return True
        return self.n_missing == 0 and are_equal(values[present[0]], values[present[-1]])

    def cuts(self, feature, node, missing_left):
        """(pos, threshold) between values that differ; last, if missing values are right, all of them cut off."""
        values = self.values[feature]
        first = node.start + self.n_missing if missing_left else node.start
        last = node.end if missing_left else node.end - self.n_missing
        for pos in range(first + 1, last):
            below, above = values[self.rows[pos - 1]], values[self.rows[pos]]
            if not are_equal(below, above):
                # Halves are added, for the sum of two large values overflows.
                yield pos, below / 2.0 + above / 2.0
        if self.n_missing and not missing_left:
            yield last, math.inf

    def random_split(self, node):
        """The best of one random threshold for each drawn column."""
        best, best_proxy, last = None, -math.inf, None

        def is_constant(feature):
            nonlocal last
            last = feature
            values = [self.values[feature][i] for i in self.rows[node.start : node.end]]
            present = [value for value in values if not math.isnan(value)]
            self.n_missing = len(values) - len(present)
            if not present:
                return True
            self.low, self.high = min(present), max(present)
            return self.n_missing == 0 and are_equal(self.low, self.high)

        for feature in self.draws.not_constant(node.n_constant, is_constant):
            threshold = self.stream.uniform(self.low, self.high)
            missing_left = bool(self.n_missing) and bool(self.stream.integer(0, 2))
            if threshold == self.high:
                threshold = self.low
            pos = self.part(Split(feature, threshold, 0, missing_left), node)
            self.criterion.reset()
            if not self.is_allowed(pos, feature, node):
                continue
            proxy = self.criterion.proxy()
            if proxy > best_proxy:
                best_proxy = proxy
                goes_left = missing_left if self.n_missing else pos - node.start > node.end - pos
                best = Split(feature, threshold, pos, goes_left)
        if best is not None and best.feature != last:
            self.part(best, node)
        return best

    def part(self, split, node):
        """Rows that go left to the front: two ends that meet, rows of the right put to the back one by one."""
        values, a, b = self.values[split.feature], node.start, node.end
        while a < b:
            value = values[self.rows[a]]
            if split.missing_left if math.isnan(value) else value <= split.threshold:
                a += 1
            else:
                b -= 1
                swap(self.rows, a, b)
        return b

    def add_node(self, node):
        """Split a node, or not, and write it down; its children, if it has any, and the improvement."""
        rules, criterion = self.rules, self.criterion
        criterion.start_node(self.rows, node.start, node.end)
        impurity = criterion.impurity() if node.parent == UNDEFINED else node.impurity
        n = node.end - node.start
        split = None
        if not (
            node.depth >= rules["max_depth"]
            or n < max(rules["min_samples_split"], 2 * rules["min_samples_leaf"])
            or criterion.n_node < 2 * rules["min_weight_leaf"]
            or impurity <= EPSILON
        ):
            split = self.best_split(node) if rules["splitter"] == "best" else self.random_split(node)
        improvement = 0.0
        if split is not None:
            criterion.reset()
            criterion.update(split.pos)
            left, right = criterion.children_impurity()
            improvement = criterion.improvement(impurity, left, right)
            if improvement + EPSILON < rules["min_impurity_decrease"]:
                split, improvement = None, 0.0

        value = criterion.value()
        if self.monotonic_cst is not None:
            value = criterion.clipped(value, node.lower, node.upper)
        number = self.write(node, split, impurity, n, criterion.n_node, value)
        if split is None:
            return number, (), improvement
        n_constant = self.draws.n_constant
        below, above = self.bounds(split.feature, node)
        return (
            number,
            (
                Node(node.start, split.pos, node.depth + 1, number, True, left, n_constant, *below),
                Node(split.pos, node.end, node.depth + 1, number, False, right, n_constant, *above),
            ),
            improvement,
        )

    def bounds(self, feature, node):
        """(lower, upper) of the left and of the right child's values."""
        sign = 0 if self.monotonic_cst is None else self.monotonic_cst[feature]
        if sign == 0:
            return (node.lower, node.upper), (node.lower, node.upper)
        middle = self.criterion.middle()
        small, large = (node.lower, middle), (middle, node.upper)
        return (small, large) if sign == 1 else (large, small)

    def write(self, node, split, impurity, n, weight, value):
        number = len(self.columns["feature"])
        if node.parent != UNDEFINED:
            self.columns["children_left" if node.is_left else "children_right"][node.parent] = number
        leaf = (LEAF, LEAF, UNDEFINED, float(UNDEFINED), False)
        inner = leaf if split is None else (LEAF, LEAF, split.feature, split.threshold, split.missing_left)
        for name, entry in zip(Grown._fields, (*inner, impurity, n, weight, value), strict=True):
            self.columns[name].append(entry)
        return number

    def make_leaf(self, number):
        for name, entry in zip(Grown._fields, (LEAF, LEAF, UNDEFINED, float(UNDEFINED), False), strict=False):
            self.columns[name][number] = entry

    def grow_depth_first(self, root):
        stack = [root]
        while stack:
            _, children, _ = self.add_node(stack.pop())
            stack += children[::-1]

    def grow_best_first(self, root, max_leaf_nodes):
        """Split the node whose split improves the tree most, until there are enough leaves."""
        frontier, n_splits = StdHeap(), 0
        frontier.push(self.add_node(root))
        while frontier.records:
            number, children, _ = frontier.pop()
            if not children or n_splits >= max_leaf_nodes - 1:
                self.make_leaf(number)
                continue
            n_splits += 1
            # Here, and only here, every node looks at all columns anew.
            for record in [self.add_node(child._replace(n_constant=0)) for child in children]:
                frontier.push(record)


def grow(
    X,
    y,
    *,
    seed,
    criterion="gini",
    splitter="best",
    max_depth=None,
    min_samples_split=2,
    min_samples_leaf=1,
    min_weight_leaf=0.0,
    max_features=None,
    max_leaf_nodes=None,
    min_impurity_decrease=0.0,
    sample_weight=None,
    monotonic_cst=None,
):
    """Grow one tree; `y` (n,) or (n, K), classes as 0, 1, ...; `seed` of the stream.

    scikit-learn's estimator draws `RandomState(random_state).randint(0, 2**31 - 1)` for it, takes constraints of
    classifiers with the other sign (it bounds the share of class 0), and counts `min_weight_leaf` in weights.
    """
    X = np.asarray(X, dtype=f32)
    y = np.asarray(y, dtype=np.float64).reshape(len(X), -1)
    weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if criterion in ("gini", "entropy", "log_loss"):
        n_classes = [int(y[:, k].max()) + 1 for k in range(y.shape[1])]
        measure = CRITERIA[criterion](y, weight, n_classes)
        monotonic_cst = None if monotonic_cst is None else [-sign for sign in monotonic_cst]
    else:
        measure = CRITERIA[criterion](y, weight)
    rules = {
        "splitter": splitter,
        "max_depth": math.inf if max_depth is None else max_depth,
        "min_samples_split": min_samples_split,
        "min_samples_leaf": min_samples_leaf,
        "min_weight_leaf": min_weight_leaf,
        "min_impurity_decrease": min_impurity_decrease,
    }
    rows = [i for i in range(len(X)) if weight[i] != 0]
    grower = Grower(X, measure, rules, monotonic_cst, rows, Stream(seed), max_features or X.shape[1])
    root = Node(0, len(rows), 0, UNDEFINED, False, math.inf, 0, -math.inf, math.inf)
    if max_leaf_nodes is None:
        grower.grow_depth_first(root)
    else:
        grower.grow_best_first(root, max_leaf_nodes)
    return as_arrays(grower.columns)


def as_arrays(columns):
    """Lists of nodes as arrays; outputs with fewer classes than another get zeros."""
    widest = max(len(of_output) for of_output in columns["value"][0])
    columns["value"] = [[shares + [0.0] * (widest - len(shares)) for shares in node] for node in columns["value"]]
    return Grown(**{name: np.array(entries) for name, entries in columns.items()})


def pruning_path(tree):
    """(alphas, impurities of the leaves, nodes cut off) of cost-complexity pruning, weakest link first.

    R(t) = share of the weight in t x its impurity; the link of an inner node t with branch T_t costs
    g(t) = (R(t) - R(T_t)) / (leaves of T_t - 1) for each leaf that it keeps (Breiman et al., 1984, section 3.3).
    """
    n = len(tree.feature)
    weight = tree.weighted_n_node_samples
    at_node = [float(weight[t] * tree.impurity[t] / weight[0]) for t in range(n)]
    parent = {int(c): t for t in range(n) for c in (tree.children_left[t], tree.children_right[t]) if c != LEAF}
    ancestors = {t: [] for t in range(n)}
    for t in range(1, n):
        up = t
        while up in parent:
            up = parent[up]
            ancestors[t].append(up)
    is_leaf = [c == LEAF for c in tree.children_left]
    branch, n_leaves = [0.0] * n, [0] * n
    for t in range(n):
        if is_leaf[t]:
            branch[t] = at_node[t]
            for up in ancestors[t]:
                branch[up] += at_node[t]
                n_leaves[up] += 1
    candidates = {t for t in range(n) if not is_leaf[t]}
    steps = [(0.0, branch[0], frozenset())]
    cut = set()
    while candidates:
        alpha, weakest = min(((at_node[t] - branch[t]) / (n_leaves[t] - 1), t) for t in candidates)
        candidates -= {t for t in candidates if t == weakest or weakest in ancestors[t]}
        cut = {t for t in cut if weakest not in ancestors[t]} | {weakest}
        rise, fewer = at_node[weakest] - branch[weakest], n_leaves[weakest] - 1
        branch[weakest] = at_node[weakest]
        for up in ancestors[weakest]:
            branch[up] += rise
            n_leaves[up] -= fewer
        steps.append((alpha, branch[0], frozenset(cut)))
    return steps


def prune(tree, ccp_alpha):
    """The smallest subtree that `ccp_alpha` pays for, numbered anew."""
    cut = frozenset()
    for alpha, _, nodes in pruning_path(tree)[1:]:
        if ccp_alpha < alpha:
            break
        cut = nodes
    kept, stack, place = [], [(0, None, None)], {}
    while stack:
        t, parent, side = stack.pop()
        place[t] = len(kept)
        kept.append((t, parent, side))
        if t not in cut and tree.children_left[t] != LEAF:
            stack += [(int(tree.children_right[t]), t, 1), (int(tree.children_left[t]), t, 0)]
    numbers = [t for t, _, _ in kept]
    pruned = Grown(*(column[numbers].copy() for column in tree))
    children = (pruned.children_left, pruned.children_right)
    for side in children:
        side[:] = LEAF
    for t, parent, side in kept:
        if parent is not None:
            children[side][place[parent]] = place[t]
    leaves = pruned.children_left == LEAF
    pruned.feature[leaves], pruned.threshold[leaves], pruned.missing_go_to_left[leaves] = UNDEFINED, UNDEFINED, False
    return pruned
