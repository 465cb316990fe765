"""Slow twins of the explainers: definitions, written to be read."""

from itertools import permutations

import numpy as np


def worth(model, row, background, weights, known, link=lambda mean: mean):
    """Average output over background rows whose columns `known` are set to the row's values."""
    total = 0.0
    for donor, weight in zip(background, weights):
        mixed = np.array(donor, copy=True)
        for column in known:
            mixed[column] = row[column]
        total = total + weight * np.asarray(model(mixed[None]))[0]
    return link(total / np.sum(weights))


def shapley_by_orders(game, n_players):
    """Gain of each player on joining, averaged over all orders in which the players can join.

    `game` maps a frozenset of players to a number or an array.
    """
    known = {}

    def ask(coalition):
        if coalition not in known:
            known[coalition] = np.asarray(game(coalition), dtype=np.float64)
        return known[coalition]

    gains = [[] for _ in range(n_players)]
    for order in permutations(range(n_players)):
        joined = frozenset()
        for player in order:
            gains[player].append(ask(joined | {player}) - ask(joined))
            joined |= {player}
    return np.array([np.mean(gain, axis=0) for gain in gains])


def interventional_shapley(model, rows, background, weights=None, link=lambda mean: mean):
    """Shapley values of each row, by `worth` and `shapley_by_orders`."""
    weights = np.ones(len(background)) if weights is None else weights
    return np.array(
        [
            shapley_by_orders(lambda known, row=row: worth(model, row, background, weights, known, link), len(row))
            for row in rows
        ]
    )


def weighted_ridge(z, f, weights, penalty):
    """Coefficients and intercept of a weighted ridge regression, by an augmented least squares problem.

    The intercept is not penalised: the penalty's rows have 0 in its column.
    """
    n_features = z.shape[1]
    root = np.sqrt(weights)
    design = np.column_stack([np.ones(len(z)), z]) * root[:, None]
    penalty_rows = np.column_stack([np.zeros(n_features), np.sqrt(penalty) * np.eye(n_features)])
    stacked = np.concatenate([design, penalty_rows])
    targets = np.concatenate([f * root, np.zeros(n_features)])
    solution = np.linalg.lstsq(stacked, targets, rcond=None)[0]
    return solution[1:], solution[0]


def forward_selection(z, f, weights, count):
    """Features added one by one, each time the one that leaves the smallest weighted sum of squares."""
    chosen = []
    for _ in range(count):
        left = {}
        for candidate in range(z.shape[1]):
            if candidate in chosen:
                continue
            design = np.column_stack([np.ones(len(z)), z[:, chosen + [candidate]]]) * np.sqrt(weights)[:, None]
            targets = f * np.sqrt(weights)
            solution = np.linalg.lstsq(design, targets, rcond=None)[0]
            left[candidate] = np.sum((targets - design @ solution) ** 2)
        chosen.append(min(left, key=left.get))
    return chosen
