"""How impure a node is: the slow twin of CART's criteria, in the order of sums that scikit-learn 1.9 takes.

A criterion looks at `rows[start:end]` of the table. `reset` puts all rows into the right child; `update(pos)` moves
`rows[start:pos]` to the left one. Sums are Python floats that grow row by row: in another order they have other bits.
"""

import math

from tests.reference.cart_order import FenwickTree, introsort

LN2 = math.log(2.0)
POISSON_EPSILON = 10 * 2.220446049250313e-16


def log2(x):
    """Base 2 as the quotient of natural logarithms (math.log2 has other bits)."""
    return math.log(x) / LN2


def total(values):
    """Sum from left to right; `sum` corrects its rounding errors since Python 3.12."""
    result = 0.0
    for value in values:
        result += value
    return result


class Criterion:
    """Sums of targets in a node and in its children; `y` (n, K), `weight` (n,), K outputs."""

    def __init__(self, y, weight):
        self.y = y.tolist()
        self.weight = weight.tolist()
        self.total_weight = total(self.weight)
        self.n_outputs = y.shape[1]

    def improvement(self, impurity, left, right):
        """N_t / N (i_t - N_R / N_t i_R - N_L / N_t i_L)"""
        n, n_left, n_right = self.n_node, self.n_left, self.n_right
        return n / self.total_weight * (impurity - n_right / n * right - n_left / n * left)

    def proxy(self):
        """What the best split makes largest; same order as the improvement, fewer operations."""
        left, right = self.children_impurity()
        return -self.n_right * right - self.n_left * left

    def obeys(self, sign, lower, upper):
        """Whether both children's values stay within the bounds and rise (sign 1) or fall (-1) from left to right."""
        left, right = self.child_values()
        return lower <= left <= upper and lower <= right <= upper and (left - right) * sign <= 0


class SummedCriterion(Criterion):
    """Criteria that know a node by sums over its rows of `parts(i)`, one list of sums for each output."""

    def start_node(self, rows, start, end):
        self.rows, self.start, self.end = rows, start, end
        self.n_node, self.sums = 0.0, self.nothing()
        for i in rows[start:end]:
            self.add(self.sums, i, 1)
            self.n_node += self.weight[i]
        self.reset()

    def reset(self):
        self.pos, self.n_left, self.left = self.start, 0.0, self.nothing()
        self.n_right, self.right = self.n_node, [list(sums) for sums in self.sums]

    def update(self, pos):
        """Move rows to the left child: from the side where there are fewer to add."""
        if pos - self.pos <= self.end - pos:
            for i in self.rows[self.pos : pos]:
                self.add(self.left, i, 1)
                self.n_left += self.weight[i]
        else:
            self.n_left, self.left = self.n_node, [list(sums) for sums in self.sums]
            for i in self.rows[pos : self.end][::-1]:
                self.add(self.left, i, -1)
                self.n_left -= self.weight[i]
        self.n_right = self.n_node - self.n_left
        self.right = [[a - b for a, b in zip(*pair, strict=True)] for pair in zip(self.sums, self.left, strict=True)]
        self.pos = pos

    def impurity(self):
        return self.impurity_of(self.sums, self.n_node)

    def children_impurity(self):
        return self.impurity_of(self.left, self.n_left), self.impurity_of(self.right, self.n_right)

    def value(self):
        return [[s / self.n_node for s in sums] for sums in self.sums]

    def child_values(self):
        return self.left[0][0] / self.n_left, self.right[0][0] / self.n_right

    def middle(self):
        """The bound that a monotone split lays between its children."""
        return self.left[0][0] / (2 * self.n_left) + self.right[0][0] / (2 * self.n_right)


class Classification(SummedCriterion):
    """Sums are weights of the classes; `y` holds numbers of classes."""

    def __init__(self, y, weight, n_classes):
        super().__init__(y, weight)
        self.n_classes = n_classes
        self.y = y.astype(int).tolist()

    def nothing(self):
        return [[0.0] * n for n in self.n_classes]

    def add(self, sums, i, sign):
        for k in range(self.n_outputs):
            sums[k][self.y[i][k]] += sign * self.weight[i]

    @staticmethod
    def clipped(value, lower, upper):
        negative = min(max(value[0][0], lower), upper)
        return [[negative, 1 - negative]]


class Gini(Classification):
    """1 - sum_c p_c^2, mean over outputs"""

    def impurity_of(self, sums, n):
        return total(1.0 - total(s * s for s in of_output) / (n * n) for of_output in sums) / self.n_outputs


class Entropy(Classification):
    """- sum_c p_c log2 p_c, mean over outputs"""

    def impurity_of(self, sums, n):
        shares = [s / n for of_output in sums for s in of_output if s > 0.0]
        return total(-p * log2(p) for p in shares) / self.n_outputs


class Regression(SummedCriterion):
    """Sums are of w y."""

    def nothing(self):
        return [[0.0] for _ in range(self.n_outputs)]

    def add(self, sums, i, sign):
        for k in range(self.n_outputs):
            sums[k][0] += sign * (self.weight[i] * self.y[i][k])

    @staticmethod
    def clipped(value, lower, upper):
        return [[min(max(value[0][0], lower), upper)]]


class SquaredError(Regression):
    """mean of y^2 - (mean of y)^2, mean over outputs"""

    def squares(self, rows):
        return total(self.weight[i] * y * y for i in rows for y in self.y[i])

    def start_node(self, rows, start, end):
        super().start_node(rows, start, end)
        self.squares_of_node = self.squares(rows[start:end])

    def variance(self, squares, sums, n):
        result = squares / n
        for (s,) in sums:
            result -= (s / n) * (s / n)
        return result / self.n_outputs

    def impurity(self):
        return self.variance(self.squares_of_node, self.sums, self.n_node)

    def children_impurity(self):
        left = self.squares(self.rows[self.start : self.pos])
        right = self.squares_of_node - left
        return self.variance(left, self.left, self.n_left), self.variance(right, self.right, self.n_right)

    def proxy(self):
        """(sum of the left)^2 / n_L + (sum of the right)^2 / n_R"""
        left, right = total(s * s for (s,) in self.left), total(s * s for (s,) in self.right)
        return left / self.n_left + right / self.n_right


class Poisson(Regression):
    """Half the deviance: mean of y log(y / mean of y), mean over outputs; infinite where the mean is not positive."""

    def deviance(self, rows, sums, n):
        result = 0.0
        for k, (s,) in enumerate(sums):
            if s <= POISSON_EPSILON:
                return math.inf
            for i in rows:
                y = self.y[i][k]
                result += self.weight[i] * (y * math.log(y / (s / n)) if y != 0 else 0.0)
        return result / (n * self.n_outputs)

    def impurity(self):
        return self.deviance(self.rows[self.start : self.end], self.sums, self.n_node)

    def children_impurity(self):
        left = self.deviance(self.rows[self.start : self.pos], self.left, self.n_left)
        return left, self.deviance(self.rows[self.pos : self.end], self.right, self.n_right)

    def proxy(self):
        """(sum of the left) log2(its mean) + the same of the right; no child is left without a positive target."""
        left = right = 0.0
        for (a,), (b,) in zip(self.left, self.right, strict=True):
            if a <= POISSON_EPSILON or b <= POISSON_EPSILON:
                return -math.inf
            left -= a * log2(a / self.n_left)
            right -= b * log2(b / self.n_right)
        return -left - right


class AbsoluteError(Criterion):
    """mean of |y - median|, mean over outputs.

    Medians and errors of all children of all splits are found beforehand: rows join, one by one, a Fenwick tree over
    the targets' ranks, once from the left and once from the right.
    """

    def start_node(self, rows, start, end):
        self.rows, self.start, self.end = rows, start, end
        self.n_node = total(self.weight[i] for i in rows[start:end])
        self.reset()

    def reset(self):
        rows = self.rows[self.start : self.end]
        self.pos, self.n_left, self.n_right = self.start, 0.0, self.n_node
        self.left_errors, self.right_errors = [0.0] * len(rows), [0.0] * len(rows)
        self.medians = []
        for k in range(self.n_outputs):
            targets = [self.y[i][k] for i in rows]
            weights = [self.weight[i] for i in rows]
            order = list(range(len(rows)))
            introsort(order, targets)
            ranks = sorted(range(len(rows)), key=order.__getitem__)
            left = growing_medians(targets, weights, ranks)
            right = growing_medians(targets[::-1], weights[::-1], ranks[::-1])[::-1]
            for j in range(len(rows)):
                self.left_errors[j] += left[j][1]
                self.right_errors[j] += right[j][1]
            self.left_medians, self.right_medians = [m for m, _ in left], [m for m, _ in right]
            self.medians.append(self.right_medians[0])

    def update(self, pos):
        for i in self.rows[self.pos : pos]:
            self.n_left += self.weight[i]
        self.n_right = self.n_node - self.n_left
        self.pos = pos

    def impurity(self):
        return self.right_errors[0] / (self.n_node * self.n_outputs)

    def children_impurity(self):
        j = self.pos - self.start
        left = self.left_errors[j - 1] / (self.n_left * self.n_outputs)
        return left, self.right_errors[j] / (self.n_right * self.n_outputs)

    def value(self):
        return [[median] for median in self.medians]

    def child_values(self):
        j = self.pos - self.start
        return self.left_medians[j - 1], self.right_medians[j]

    def middle(self):
        left, right = self.child_values()
        return (left + right) / 2

    clipped = staticmethod(Regression.clipped)


def growing_medians(targets, weights, ranks):
    """(median, sum of absolute errors about it) of the first 1, 2, ... rows."""
    tree = FenwickTree(len(targets))
    by_rank = [y for _, y in sorted(zip(ranks, targets, strict=True))]
    result = []
    for rank, y, w in zip(ranks, targets, weights, strict=True):
        tree.add(rank, w, w * y)
        before, _, _ = tree.descend(0.5 * tree.weight, strict=True)
        rank, w_left, wy_left = tree.descend(0.5 * tree.weight, strict=False)
        median = by_rank[rank] if rank == before else (by_rank[before] + by_rank[rank]) / 2
        above = (tree.weighted_y - wy_left) - median * (tree.weight - w_left)
        result.append((median, above + (median * w_left - wy_left)))
    return result
