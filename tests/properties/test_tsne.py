"""t-SNE's defining constraint on any distances: each row's probabilities have the entropy of the perplexity."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlx.manifold.affinities import conditional_probabilities
from tests.reference import tsne as reference

ROWS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(2, 40)),
    elements=st.one_of(st.floats(0, 1e-6), st.floats(0, 10), st.floats(0, 1e9), st.just(1.0)),
)


@settings(deadline=None)  # the first example compiles
@given(squared_distances=ROWS, share=st.floats(0.02, 0.98))
def test_entropy_is_that_of_the_perplexity(squared_distances, share):
    """Where some precision reaches it: more neighbours than the perplexity, and fewer of them at the least distance."""
    k = squared_distances.shape[1]
    perplexity = 1.0 + share * (k - 1.0)
    p = conditional_probabilities(squared_distances, perplexity, 1)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
    for distances, row in zip(squared_distances, p, strict=True):
        ascending = np.argsort(distances, kind="stable")
        assert (np.diff(row[ascending]) <= 0.0).all()  # the farther, the less probable
        # Distances that differ by less than this may be told apart by no float64 exp(-β d²).
        nearest = (distances - distances.min() <= 1e-9 * distances.max()).sum()
        if nearest < perplexity:
            assert abs(reference.entropy(row) - np.log(perplexity)) < 1e-9


@settings(deadline=None)  # the first example compiles
@given(squared_distances=ROWS, scale=st.sampled_from([2.0**-20, 0.5, 4.0, 2.0**30]))
def test_probabilities_know_no_unit(squared_distances, scale):
    """Distances of another unit have the same probabilities: the precision follows."""
    perplexity = 0.5 * (1.0 + squared_distances.shape[1])
    p = conditional_probabilities(squared_distances, perplexity, 1)
    np.testing.assert_allclose(conditional_probabilities(squared_distances * scale, perplexity, 1), p, atol=1e-9)
