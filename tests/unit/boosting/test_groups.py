"""Groups from sizes and from numbers of rows, what is refused, and the same through the ranker's arguments."""

import numpy as np
import pandas as pd
import pytest

from mlx.boosting import XGBRanker
from mlx.boosting.groups import groups_of, one_group


@pytest.mark.parametrize(
    "given",
    [
        {"group": [3, 2, 1]},
        {"group": np.array([3.0, 2.0, 1.0])},
        {"qid": [7, 7, 7, 8, 8, 12]},
        {"qid": [-3, -3, -3, 0, 0, 2**40]},
        {"qid": np.array([0, 0, 0, 2**32 - 2, 2**32 - 2, 2**32 - 1], dtype=np.uint32)},
    ],
    ids=["sizes", "floats", "numbers", "far apart", "unsigned"],
)
def test_starts(given):
    groups = groups_of(6, **given)
    assert groups.start.dtype == np.int64
    np.testing.assert_array_equal(groups.start, [0, 3, 5, 6])
    np.testing.assert_array_equal(groups.sizes, [3, 2, 1])
    np.testing.assert_array_equal(groups.of_rows(), [0, 0, 0, 1, 1, 2])
    assert groups.n_groups == 3
    assert groups.weight is None and groups.weight_of_rows() is None and groups.weight_norm == 1.0


def test_one_group():
    np.testing.assert_array_equal(one_group(4).start, [0, 4])


def test_weights():
    groups = groups_of(6, group=[3, 2, 1], weight=[1, 0, 3])
    np.testing.assert_array_equal(groups.weight_of_rows(), np.float32([1, 1, 1, 0, 0, 3]))
    # The mean weight becomes 1.
    assert groups.weight_norm == pytest.approx(3 / 4)


def test_some_of_the_groups():
    groups, rows = groups_of(6, group=[3, 2, 1], weight=[1, 2, 3]).select(np.array([True, False, True]))
    np.testing.assert_array_equal(groups.start, [0, 3, 4])
    np.testing.assert_array_equal(groups.weight, np.float32([1, 3]))
    np.testing.assert_array_equal(rows, [True, True, True, False, False, True])
    # It is a factor of the whole fit.
    assert groups.weight_norm == pytest.approx(1 / 2)


def test_groups_that_hold_rows():
    groups = groups_of(6, group=[3, 2, 1]).holding(np.array([3, 4, 5]))
    np.testing.assert_array_equal(groups.start, [0, 2, 3])


REFUSED = {
    "falls": ({"qid": [0, 0, 2, 2, 1, 1]}, "qid: must be sorted.* falls from 2 at row 4"),
    "comes back": ({"qid": [1, 1, 2, 2, 1, 1]}, "qid: must be sorted"),
    "too few rows": ({"group": [3, 2]}, "group: sizes add up to 5, but there are 6 rows"),
    "too many rows": ({"group": [3, 4]}, "group: sizes add up to 7, but there are 6 rows"),
    "no groups": ({"group": []}, "group: sizes add up to 0, but there are 6 rows"),
    "empty group": ({"group": [3, 0, 3]}, r"group: a group has at least one row, but group\[1\] is 0"),
    "negative size": ({"group": [-1, 3, 4, 0]}, r"group: a group has at least one row, but group\[0\] is -1"),
    "first of two": ({"group": [0, 8, -2]}, r"group\[0\] is 0"),
    "qid too short": ({"qid": [0, 0, 1]}, "qid: has 3 numbers for 6 rows"),
    "qid too long": ({"qid": [0] * 7}, "qid: has 7 numbers for 6 rows"),
    "no qid": ({"qid": []}, "qid: has 0 numbers for 6 rows"),
    "both": ({"group": [6], "qid": [0] * 6}, "group, qid: one of them must be given, and one only"),
    "neither": ({}, "group, qid: one of them must be given, and one only"),
    "half a row": ({"group": [2.5, 3.5]}, "group: must be whole numbers"),
    "half a number": ({"qid": [0, 0, 0, 0.5, 1, 1]}, "qid: must be whole numbers"),
    "nan": ({"qid": [0, 0, 0, 1, 1, np.nan]}, "qid: must be whole numbers"),
    "infinite": ({"group": [np.inf]}, "group: must be whole numbers"),
    "words": ({"qid": list("aabbcc")}, "qid: "),
    "two columns": ({"qid": [[0], [0], [0], [1], [1], [1]]}, "qid: must be whole numbers, in one dimension"),
    "a number": ({"group": 6}, "group: must be whole numbers, in one dimension"),
    "weights of rows": ({"group": [3, 3], "weight": np.ones(6)}, r"sample_weight: shape \(6,\) must be \(2,\)"),
    "weight below 0": ({"group": [3, 3], "weight": [1, -1]}, "sample_weight: weights of groups must be"),
    "weight nan": ({"group": [3, 3], "weight": [1, np.nan]}, "sample_weight: weights of groups must be"),
    "no weight": ({"group": [3, 3], "weight": [0, 0]}, "sample_weight: weights of groups must be"),
    "weight of words": ({"group": [3, 3], "weight": ["a", "b"]}, "sample_weight: "),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        groups_of(6, **given)


def test_messages_use_the_names_of_the_caller():
    names = ("eval_group", "eval_qid", "sample_weight_eval_set")
    for given, name in (({"group": [1]}, names[0]), ({"qid": [1]}, names[1]), ({"group": [6], "weight": []}, names[2])):
        with pytest.raises(ValueError, match=f"^{name}: "):
            groups_of(6, **given, names=names)


X, Y = np.arange(12.0).reshape(6, 2), np.array([2, 1, 0, 1, 0, 1])
PAIR = {"eval_set": [(X, Y)]}
REFUSED_BY_FIT = {
    "falls": ({"qid": [0, 0, 2, 2, 1, 1]}, "qid: must be sorted"),
    "does not add up": ({"group": [3, 4]}, "group: sizes add up to 7, but there are 6 rows"),
    "both": ({"group": [6], "qid": [0] * 6}, "group, qid: one of them"),
    "neither": ({}, "group, qid: one of them"),
    "empty group": ({"group": [3, 0, 3]}, "group: a group has at least one row"),
    "weights of rows": ({"group": [3, 3], "sample_weight": np.ones(6)}, "sample_weight: shape"),
    "qid twice": ({"X": pd.DataFrame(X, columns=["a", "qid"]), "qid": [0] * 6}, "qid: X has a column 'qid', too"),
    "no eval group": ({"group": [6], **PAIR}, "eval_group, eval_qid: one of them"),
    "both for one": ({"group": [6], **PAIR, "eval_group": [[6]], "eval_qid": [[0] * 6]}, "eval_group, eval_qid: one"),
    "two for one": ({"group": [6], **PAIR, "eval_group": [[6], [6]]}, "eval_group: "),
    "two for one, qid": ({"group": [6], **PAIR, "eval_qid": [[0] * 6] * 2}, "eval_qid: "),
    "one for two": ({"group": [6], "eval_set": [(X, Y)] * 2, "eval_group": [[6]]}, "eval_group: "),
    "eval rows": ({"group": [6], **PAIR, "eval_group": [[5]]}, "eval_group: sizes add up to 5, but there are 6 rows"),
    "eval numbers": ({"group": [6], **PAIR, "eval_qid": [[0] * 5]}, "eval_qid: has 5 numbers for 6 rows"),
    "eval falls": ({"group": [6], **PAIR, "eval_qid": [[1, 1, 1, 0, 0, 0]]}, "eval_qid: must be sorted"),
    "eval weights": (
        {"group": [6], **PAIR, "eval_group": [[3, 3]], "sample_weight_eval_set": [np.ones(6)]},
        "sample_weight_eval_set: shape",
    ),
    "nothing to evaluate": ({"group": [6], "eval_group": [[6]]}, "eval_group: there are no rows"),
}


@pytest.mark.parametrize(("given", "message"), REFUSED_BY_FIT.values(), ids=REFUSED_BY_FIT)
def test_what_the_ranker_refuses(given, message):
    given = dict(given)
    with pytest.raises(ValueError, match=message):
        XGBRanker(n_estimators=1).fit(given.pop("X", X), Y, **given)


def test_a_group_without_weight_takes_no_part():
    """Neither its relevances, which are none, nor its values, which lie between those of the other group."""
    given = {"group": [3, 3], "sample_weight": [2, 0]}
    other_x, other_y = np.concatenate([X[:3], X[:3] + 0.5]), np.append(Y[:3], [99, -1, 0.5])
    models = [
        XGBRanker(n_estimators=3, min_child_weight=0).fit(*rows, **given) for rows in ((X, Y), (other_x, other_y))
    ]
    grid = np.repeat(np.linspace(-1.0, 12.0, 53), 2).reshape(-1, 2)
    first, second = (model.predict(grid) for model in models)
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(first)) > 1


def test_the_library_moves_on_to_the_next_weight_a_row_late():
    groups = groups_of(6, group=[3, 1, 2], weight=[1.0, 2.0, 4.0])
    assert groups.weight_of_rows().tolist() == [1, 1, 1, 2, 4, 4]
    assert groups.library_weight_of_rows().tolist() == [1, 1, 1, 1, 2, 4]
    single = groups_of(3, group=[1, 1, 1], weight=[1.0, 2.0, 4.0])
    assert single.library_weight_of_rows().tolist() == [1, 2, 4]
