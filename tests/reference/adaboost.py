"""Slow twin of AdaBoost: the papers' formulas in plain Python, one row and one cut at a time. No Numba.

Freund & Schapire, "A decision-theoretic generalization of on-line learning and an application to boosting", JCSS 55
(1997): AdaBoost. Zhu, Zou, Rosset & Hastie, "Multi-class AdaBoost", Statistics and Its Interface 2 (2009): SAMME.
Drucker, "Improving regressors using boosting techniques", ICML 1997: AdaBoost.R2.
"""

from itertools import pairwise
from math import exp, log
from typing import NamedTuple


class Stump(NamedTuple):
    column: int
    threshold: float
    left: object
    right: object

    def says(self, row):
        return self.left if row[self.column] <= self.threshold else self.right


def gini(weight_of):
    """Gini impurity of a group, from the weight of each class in it (Breiman et al. 1984, section 4.3)."""
    total = sum(weight_of.values())
    return 1.0 - sum((weight / total) ** 2 for weight in weight_of.values())


def class_weights(y, weights):
    found = {}
    for label, weight in zip(y, weights):
        found[label] = found.get(label, 0.0) + weight
    return found


def weighted_impurity(column, y, weights, threshold):
    """Gini impurity of the two sides of a cut, each by its share of the weight."""
    sides = [[], []]
    for value, label, weight in zip(column, y, weights):
        sides[value > threshold].append((label, weight))
    total, impurity = sum(weights), 0.0
    for side in sides:
        labels, own = zip(*side)
        impurity += sum(own) / total * gini(class_weights(labels, own))
    return impurity


def thresholds(column):
    values = sorted(set(column))
    return [(below + above) / 2 for below, above in pairwise(values)]


def best_stump(X, y, weights):
    """The cut of all columns that leaves least impurity, and the heavier class on each side."""
    _, column, threshold = min(
        (weighted_impurity(column, y, weights, t), j, t) for j, column in enumerate(zip(*X)) for t in thresholds(column)
    )
    heaviest = []
    for goes_right in (False, True):
        side = [(a, w) for row, a, w in zip(X, y, weights) if (row[column] > threshold) == goes_right]
        of_class = class_weights(*zip(*side))
        heaviest.append(max(sorted(of_class), key=of_class.get))
    return Stump(column, threshold, *heaviest)


def samme(X, y, n_rounds, learning_rate=1.0, weights=None):
    """(stump, error, α) of each round (Zhu et al., algorithm 2)."""
    n_classes = len(set(y))
    weights = [1.0] * len(y) if weights is None else list(weights)
    weights = [w / sum(weights) for w in weights]
    rounds = []
    for _ in range(n_rounds):
        stump = best_stump(X, y, weights)
        wrong = [stump.says(row) != label for row, label in zip(X, y)]
        error = sum(w for w, is_wrong in zip(weights, wrong) if is_wrong)
        alpha = learning_rate * (log((1 - error) / error) + log(n_classes - 1))
        rounds.append((stump, error, alpha))
        weights = [w * exp(alpha) if is_wrong else w for w, is_wrong in zip(weights, wrong)]
        weights = [w / sum(weights) for w in weights]
    return rounds


def votes(rounds, row, labels):
    """The paper's f for each label, over the sum of the α: α for what a stump says, -α / (K - 1) for the others."""
    total = sum(alpha for _, _, alpha in rounds)
    return [
        sum(alpha * (1.0 if stump.says(row) == label else -1.0 / (len(labels) - 1)) for stump, _, alpha in rounds)
        / total
        for label in labels
    ]


def r2_losses(predicted, y, kind):
    """Loss of each row (Drucker, step 4)."""
    errors = [abs(p - value) for p, value in zip(predicted, y)]
    shares = [error / max(errors) for error in errors]
    form = {"linear": lambda d: d, "square": lambda d: d * d, "exponential": lambda d: 1 - exp(-d)}[kind]
    return [form(share) for share in shares]


def r2_step(predicted, y, weights, kind, learning_rate=1.0):
    """Mean loss, ln(1 / β), and the weights of the next round (Drucker, steps 5 to 7)."""
    losses = r2_losses(predicted, y, kind)
    mean_loss = sum(w * loss for w, loss in zip(weights, losses))
    beta = mean_loss / (1 - mean_loss)
    weights = [w * beta ** (learning_rate * (1 - loss)) for w, loss in zip(weights, losses)]
    return mean_loss, learning_rate * log(1 / beta), [w / sum(weights) for w in weights]


def weighted_median(predictions, weights):
    """Least prediction such that the models that say it or less have half of the weight (Drucker, step 8)."""
    for candidate in sorted(predictions):
        if sum(w for p, w in zip(predictions, weights) if p <= candidate) >= sum(weights) / 2:
            return candidate
    raise AssertionError("half of the weight is reached at the largest at the latest")
