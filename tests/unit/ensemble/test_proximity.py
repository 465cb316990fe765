"""Proximities and outlier scores against their slow twins, and what they must be without any twin."""

import numpy as np
import pytest
from scipy import sparse

from mlx.ensemble.proximity import outlier_scores, proximity
from tests.reference import forest as slow

# Leaf numbers of 90 rows in 40 trees of 2 to 31 leaves; more rows than one thread takes at a time are below.
rng = np.random.default_rng(0)
LEAVES = np.stack([rng.integers(0, n_leaves, 90) for n_leaves in rng.integers(2, 32, 40)], axis=1)


def test_one_by_hand():
    leaves = np.array([[3, 1, 7, 4], [3, 1, 8, 4], [2, 1, 9, 5]])
    np.testing.assert_array_equal(proximity(leaves), [[1, 0.75, 0.25], [0.75, 1, 0.25], [0.25, 0.25, 1]])


def test_dense_is_the_slow_twins():
    np.testing.assert_array_equal(proximity(LEAVES), slow.proximity(LEAVES, LEAVES))


def test_others_may_have_leaves_that_the_rows_have_not_and_the_other_way_round():
    rows, others = LEAVES[:7] + 40 * (LEAVES[:7] > 20), LEAVES[7:] + 60 * (LEAVES[7:] > 25)
    np.testing.assert_array_equal(proximity(rows, others), slow.proximity(rows, others))
    np.testing.assert_array_equal(proximity(others, rows), slow.proximity(others, rows))


@pytest.mark.parametrize("k", [1, 2, 7, 30, 90, 1000])
def test_top_k_keeps_the_largest_and_the_first_of_equals(k):
    full = slow.proximity(LEAVES, LEAVES)
    expected = np.zeros_like(full)
    for i, row in enumerate(full):
        expected[i, slow.nearest(row, k)] = row[slow.nearest(row, k)]
    kept = proximity(LEAVES, top_k=k)
    assert sparse.issparse(kept)
    assert kept.has_canonical_format
    assert kept.nnz == np.count_nonzero(expected)
    np.testing.assert_array_equal(kept.toarray(), expected)


def test_scores_are_the_slow_twins():
    label = rng.integers(0, 3, len(LEAVES))
    expected = slow.outlier_scores(slow.proximity(LEAVES, LEAVES), label)
    # A score is a difference over a deviation: of the size of 1, and the row at the median has 0.
    np.testing.assert_allclose(outlier_scores(LEAVES, label), expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(outlier_scores(LEAVES), outlier_scores(LEAVES, np.zeros(len(LEAVES))))
    np.testing.assert_array_equal(outlier_scores(LEAVES, np.array(list("abc"))[label]), outlier_scores(LEAVES, label))


def test_a_row_apart_has_the_largest_score():
    leaves = LEAVES.copy()
    leaves[11] = 100 + np.arange(40)
    assert np.argmax(outlier_scores(leaves)) == 11


def test_a_class_of_equals_has_scores_of_zero_and_whoever_is_apart_an_infinite_one():
    leaves = np.zeros((6, 5), dtype=int)
    leaves[5] = 1
    np.testing.assert_array_equal(outlier_scores(leaves), [0, 0, 0, 0, 0, np.inf])
    np.testing.assert_array_equal(outlier_scores(leaves, [0, 0, 0, 0, 0, 1]), np.zeros(6))


def test_threads_change_no_bit():
    leaves = np.random.default_rng(1).integers(0, 30, (1500, 25))
    label = leaves[:, 0] % 3
    np.testing.assert_array_equal(proximity(leaves, n_threads=2), proximity(leaves))
    np.testing.assert_array_equal(outlier_scores(leaves, label, n_threads=2), outlier_scores(leaves, label))
    two, one = proximity(leaves, top_k=9, n_threads=2), proximity(leaves, top_k=9)
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(two, part), getattr(one, part))


def test_any_integers_and_any_order_in_memory_do():
    for dtype in (np.int32, np.int64, np.uint8):
        np.testing.assert_array_equal(proximity(np.asfortranarray(LEAVES.astype(dtype))), proximity(LEAVES))
    np.testing.assert_array_equal(proximity(LEAVES.tolist()), proximity(LEAVES))


def test_no_rows_give_no_rows():
    assert proximity(LEAVES[:0], LEAVES).shape == (0, 90)
    assert proximity(LEAVES, LEAVES[:0]).shape == (90, 0)
    assert proximity(LEAVES, LEAVES[:0], top_k=3).shape == (90, 0)
    assert proximity(LEAVES[:0], top_k=3).shape == (0, 0)
    assert outlier_scores(LEAVES[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"leaves": LEAVES.astype(float)}, "leaves: must be integers"),
        ({"leaves": LEAVES[0]}, "leaves: must be integers of shape"),
        ({"leaves": LEAVES[:, :0]}, "leaves: must be integers of shape"),
        ({"leaves": LEAVES - 1}, "leaves: a leaf number is negative"),
        ({"leaves": LEAVES, "others": LEAVES[:, :3]}, "others: leaves in 3 trees, but leaves of 40"),
        ({"leaves": LEAVES, "others": LEAVES - 1}, "others: a leaf number is negative"),
        ({"leaves": LEAVES, "top_k": 0}, "top_k=0 must be a positive integer"),
        ({"leaves": LEAVES, "top_k": 2.0}, "top_k=2.0 must be a positive integer"),
        ({"leaves": LEAVES, "top_k": True}, "top_k=True must be a positive integer"),
    ],
)
def test_bad_input_is_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        proximity(**arguments)


def test_classes_of_another_number_of_rows_are_an_error():
    with pytest.raises(ValueError, match=r"y: shape \(3,\) must be \(90,\)"):
        outlier_scores(LEAVES, [0, 1, 2])
