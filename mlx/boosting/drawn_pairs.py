"""Pairs of rows of a group that are drawn at random, for ``lambdarank_pair_method="mean"``.

The stream is a minimal standard generator, x ← 48271 x mod (2^31 - 1), seeded by round and group, as in the library, so
that the pairs are the same.

Reference: S. Park and K. Miller, "Random number generators: good ones are hard to find", CACM 31(10), 1988; their
multiplier of the discussion in CACM 36(7), 1993.
"""

from __future__ import annotations

from ..numeric.jit import kernel

__all__ = ["draw_pairs"]

# Of the generator, and how many values it has.
MULTIPLIER, MODULUS = 48271, 2147483647


@kernel
def draw_pairs(start, by_label, label, n_pairs, iteration, pairs, pair_start):
    """Draw, for each row, `n_pairs` rows of other relevance; return how many pairs there are.

    `by_label` are ranks by falling relevance, group by group, and `label` the relevances in that order. Rows of one
    relevance stand together: with n rows before them and m behind, one of n + m numbers is drawn.
    """
    n_groups, count = len(start) - 1, 0
    for g in range(n_groups):
        pair_start[g] = count
        begin, size = start[g], start[g + 1] - start[g]
        seed = ((iteration + 1) * n_groups + g) % 2**32 % MODULUS
        state = 1 if seed == 0 else seed
        first = 0
        while first < size:
            last = first + 1
            while last < size and label[begin + first] == label[begin + last]:
                last += 1
            others = size - (last - first)
            # Draws that would make some rows likelier than others are thrown away.
            width = (MODULUS - 2) // max(others, 1)
            for _ in range(n_pairs if others else 0):
                for own in range(first, last):
                    state = state * MULTIPLIER % MODULUS
                    while state - 1 >= others * width:
                        state = state * MULTIPLIER % MODULUS
                    other = (state - 1) // width
                    other = other + last - first if other >= first else other
                    pairs[count, 0], pairs[count, 1] = by_label[begin + own], by_label[begin + other]
                    count += 1
            first = last
    pair_start[n_groups] = count
    return count
