"""Slow twin of the library's sketch: the same cuts from lists of tuples and definitions, without Numba.

A summary is a list of (value, weight, rank_min, rank_max), rising by value. Equal values of one queue are added in the
order of the rows, which is the library's order only if sums are exact: give it whole weights, or distinct values.
"""

import math

import numpy as np

f32 = np.float32


def summary_of(queue):
    """Summary of (value, weight) pairs: ranks are known exactly."""
    weight_of = {}
    for value, weight in queue:
        weight_of[value] = f32(weight_of.get(value, f32(0)) + weight)
    summary, smaller = [], f32(0)
    for value in sorted(weight_of):
        up_to = f32(smaller + weight_of[value])
        summary.append((value, weight_of[value], smaller, up_to))
        smaller = up_to
    return summary


def what_it_says_of(summary, value):
    """(weight, rank_min, rank_max) of any value, in the summary or not."""
    below = [entry for entry in summary if entry[0] < value]
    above = [entry for entry in summary if entry[0] > value]
    for entry in summary:
        if entry[0] == value:
            return entry[1:]
    least = f32(below[-1][2] + below[-1][1]) if below else f32(0)
    most = f32(above[0][3] - above[0][1]) if above else summary[-1][3]
    return f32(0), least, most


def combine(a, b):
    """Summary of the rows of both; bounds that rounding put out of order are lifted."""
    if not a or not b:
        return a or b
    combined, rank_min, rank_max = [], f32(0), f32(0)
    for value in sorted({entry[0] for entry in a + b}):
        weight, least, most = (f32(x + y) for x, y in zip(what_it_says_of(a, value), what_it_says_of(b, value)))
        rank_min = max(rank_min, least)
        rank_max = max(rank_max, most, f32(rank_min + weight))
        combined.append((value, weight, rank_min, rank_max))
    return combined


def prune(summary, limit):
    """At most `limit` of the values: the first, the last, and those nearest to equal distances of rank."""
    if len(summary) <= limit:
        return summary
    begin = summary[0][3]
    width = f32(summary[-1][2] - begin)
    last = len(summary) - 1
    kept = {0, last}
    for k in range(1, limit - 1):
        doubled = f32(2) * f32(f32(f32(k) * width) / f32(limit - 1) + begin)
        i = max([1] + [j for j in range(2, last + 1) if doubled >= f32(summary[j][3] + summary[j][2])])
        if i == last:
            break
        border = f32(f32(summary[i][2] + summary[i][1]) + f32(summary[i + 1][3] - summary[i + 1][1]))
        kept.add(i if doubled < border else i + 1)
    return [summary[i] for i in sorted(kept)]


def library_cuts(column, weight, max_bin):
    """Cuts of a column; the levels are a dictionary, a free level is not in it."""
    rows = [(x, w) for x, w in zip(column.tolist(), weight.astype(f32)) if not math.isnan(x)]
    n = len(rows)
    if n == 0:
        return [f32(3e-5)]
    epsilon = 1 / (8 * min(max_bin, n))
    n_levels = next(k for k in range(1, 99) if 2**k * min(n, math.ceil(k / epsilon) + 1) >= n)
    limit = min(n, math.ceil(n_levels / epsilon) + 1)

    levels, queue = {}, []
    for value, w in rows:
        if queue and queue[-1][0] == value:
            queue[-1] = (value, f32(queue[-1][1] + w))
            continue
        if len(queue) == 2 * limit:
            carried, level = prune(summary_of(queue), limit), 1
            while level in levels:
                carried = combine(carried, levels.pop(level))
                if len(carried) <= limit:
                    break
                carried, level = prune(carried, limit), level + 1
            levels[level] = carried
            queue = []
        queue.append((value, w))
    summary = prune(summary_of(queue), limit)
    for level in sorted(levels):
        summary = prune(combine(summary, levels[level]), limit)

    summary = prune(prune(summary, min(n, 8 * max_bin)), min(n, max_bin) + 1)
    inner = [entry[0] for entry in summary[1 : min(n, max_bin)]]
    largest = float(summary[-1][0])
    return [*map(f32, inner), f32(largest + (abs(largest) + float(f32(1e-5))))]
