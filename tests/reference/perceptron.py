"""The perceptron, one row at a time, in plain Python."""

from tests.reference.xorshift import Stream


def shuffled(order, seed):
    """An order shuffled by Fisher and Yates: place i gets one of those from i on."""
    order, stream = list(order), Stream(seed)
    for i in range(len(order) - 1):
        j = stream.integer(i, len(order))
        order[i], order[j] = order[j], order[i]
    return order


def perceptron_epochs(X, signs, n_epochs, *, seed=None, eta=1.0, weights=None, l2=0.0, l1=0.0, fit_intercept=True):
    """Coefficients and intercept after some epochs, from zeros; l2 and l1 are the penalty's two strengths.

    The pull towards zero is written for dense rows, in which every coefficient is seen: each is pulled by eta l1 and
    by what rows before could not take from it, because it would have crossed zero (Tsuruoka et al. 2009, section 3.2).
    """
    w, b = [0.0] * len(X[0]), 0.0
    due, taken = 0.0, [0.0] * len(w)
    order = list(range(len(X)))
    for _ in range(n_epochs):
        if seed is not None:
            order = shuffled(order, seed)
        for i in order:
            score = sum(a * x for a, x in zip(w, X[i])) + b
            w = [a * max(0.0, 1.0 - eta * l2) for a in w]
            if signs[i] * score <= 0:
                step = eta * signs[i] * (1.0 if weights is None else weights[i])
                w = [a + step * x for a, x in zip(w, X[i])]
                b += step if fit_intercept else 0.0
            due += eta * l1
            for j, before in enumerate(w):
                if before > 0:
                    w[j] = max(0.0, before - (due + taken[j]))
                elif before < 0:
                    w[j] = min(0.0, before + (due - taken[j]))
                taken[j] += w[j] - before
    return w, b
