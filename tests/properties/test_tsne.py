"""t-SNE's defining constraint on any distances: each row's probabilities have the entropy of the perplexity."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlx.manifold.affinities import conditional_probabilities
from tests.reference import tsne as reference

ROWS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(2, 40)),
    elements=st.one_of(st.just(0.0), st.just(1.0), st.floats(1e-6, 1e-3), st.floats(1e-3, 10.0), st.floats(1.0, 1e6)),
)
UNITS = st.sampled_from([2.0**-1000, 2.0**-20, 1.0, 2.0**30, 2.0**900])


@settings(deadline=None)  # the first example compiles
@given(squared_distances=ROWS, unit=UNITS, share=st.floats(0.02, 0.98))
def test_entropy_is_that_of_the_perplexity(squared_distances, unit, share):
    """Where some precision reaches it: more neighbours than the perplexity, and fewer of them at the least distance."""
    k = squared_distances.shape[1]
    perplexity = 1.0 + share * (k - 1.0)
    p = conditional_probabilities(squared_distances * unit, perplexity, 1)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
    for distances, row in zip(squared_distances, p, strict=True):
        ascending = np.argsort(distances, kind="stable")
        assert (np.diff(row[ascending]) <= 0.0).all()  # the farther, the less probable
        # Distances that differ by less than this may be told apart by no float64 exp(-β d²).
        nearest = (distances - distances.min() <= 1e-9 * distances.max()).sum()
        if nearest < perplexity:
            assert abs(reference.entropy(row) - np.log(perplexity)) < 1e-9


@settings(deadline=None)  # the first example compiles
@given(squared_distances=ROWS, unit=UNITS)
def test_probabilities_know_no_unit(squared_distances, unit):
    """Distances of another unit have the same probabilities: the precision follows."""
    gaps = np.diff(np.sort(squared_distances, axis=1), axis=1)
    assume(((gaps == 0.0) | (gaps > 1e-9)).all())  # smaller ones are no numbers in the smallest unit
    perplexity = 0.5 * (1.0 + squared_distances.shape[1])
    p = conditional_probabilities(squared_distances, perplexity, 1)
    np.testing.assert_allclose(conditional_probabilities(squared_distances * unit, perplexity, 1), p, atol=1e-9)
