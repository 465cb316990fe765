"""A table of bad inputs × explainers and explanations: an error that names the argument, or a stated right answer."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from mlx.explain import Explanation, KernelExplainer, LimeTabularExplainer

ROWS, COLUMNS = 20, 3
TABLE = np.random.default_rng(0).normal(size=(ROWS, COLUMNS))
CODED = np.column_stack([TABLE[:, :2], np.arange(ROWS) % 2])
FRAME = pd.DataFrame(TABLE, columns=["a", "b", "c"])


def output(X):
    return np.asarray(X, dtype=float).sum(axis=1)


def probabilities(X):
    p = 1 / (1 + np.exp(-output(X)))
    return np.column_stack([1 - p, p])


def with_entry(value):
    changed = np.array(TABLE, dtype=object if isinstance(value, str) else np.result_type(TABLE, value))
    changed[3, 1] = value
    return changed


class ChangesItsMind:
    """Returns good outputs for the first call and others later."""

    def __init__(self, later):
        self.calls, self.later = 0, later

    def __call__(self, X):
        self.calls += 1
        return output(X) if self.calls == 1 else self.later(X)


# Tables that are none, whoever gets them.
NO_TABLES = {
    "none": None,
    "scalar": 3.0,
    "a string": "X",
    "three-dimensional": np.ones((2, 2, COLUMNS)),
    "ragged": [[1.0, 2.0, 3.0], [4.0]],
    "no rows": TABLE[:0],
    "no columns": TABLE[:, :0],
    "complex": TABLE + 1j,
    "sparse": sparse.csr_array(TABLE),
    "dictionary": {"a": 1},
}
TWICE = FRAME[["a", "a", "b", "c"]]
TEXT_TABLES = {
    "text": with_entry("many"),
    "all text": np.full((ROWS, COLUMNS), "many"),
    "dates": np.full((ROWS, COLUMNS), np.datetime64("2020-01-01")),
}
GAPS = {"nan": with_entry(np.nan), "inf": with_entry(np.inf), "minus inf": with_entry(-np.inf)}
WRONG_WIDTH = {
    "too few columns": TABLE[:, :2],
    "too many columns": np.ones((4, COLUMNS + 1)),
    "short row": TABLE[0, :2],
}

# What the explained function must not be, or not return.
NO_FUNCTIONS = {"none": None, "number": 3, "text": "predict", "array": TABLE}
BAD_OUTPUTS = {
    "nothing": lambda X: None,
    "a number": lambda X: 1.0,
    "text": lambda X: np.full(len(X), "yes"),
    "labels that look like numbers": lambda X: np.full(len(X), "1"),
    "labels as objects": lambda X: np.array(["1"] * len(X), dtype=object),
    "too few": lambda X: np.ones((len(X) - 1, 2)) / 2,
    "too many": lambda X: np.ones((len(X) + 1, 2)) / 2,
    "three-dimensional": lambda X: np.ones((len(X), 2, 1)),
    "no outputs": lambda X: np.ones((len(X), 0)),
    "nan": lambda X: np.full((len(X), 2), np.nan),
    "inf": lambda X: np.full((len(X), 2), np.inf),
    "complex": lambda X: probabilities(X) + 1j,
    "ragged": lambda X: [[1.0]] * (len(X) - 1) + [[1.0, 2.0]],
}
NO_COUNT = [0, -1, 1.5, "many", None, float("nan"), True, [3]]
NO_CHOICE = ["best", "", 3, ["auto"], np.array(["auto", "auto"])]
NO_FLAG = ["yes", 3, None, [True]]
NO_NAMES = ["abc", 3, ["a"], ["a", "b", "c", "d"]]
NO_SEED = [-1, 1.5, "zero", [[1]]]


def each(*tables):
    return [value for table in tables for value in (table.values() if isinstance(table, dict) else table)]


KERNEL = {
    "model": each(NO_FUNCTIONS, BAD_OUTPUTS),
    "data": each(NO_TABLES, [TWICE]),
    "feature_names": NO_NAMES,
    "link": [*NO_CHOICE, None, "log"],
    "keep_index": [True, "yes"],
    "keep_index_ordered": [True, "yes"],
    "weights": [
        *([1.0] * 19, [[1.0]] * 20, [-1.0] * 20, [0.0] * 20, [np.nan] * 20, [np.inf] * 20, ["many"] * 20, [1j] * 20),
        *("many", 3.0, [[1.0], [1.0, 2.0]]),
    ],
    "groups": ["ab", [[0, 1]], 3, {"g": []}, {"g": "x0"}, {"g": 1}, {"g": [9]}, {"g": [-1]}, {"g": ["z"]}]
    + [{"g": [0, 0]}, {"g": [0], "h": [0]}, {"g": [1.5]}, {"g": [True]}, {"g": [None]}],
    "output_names": ["s", 3, ["a", "b"], []],
    "seed": [*NO_SEED, None, True],
    "max_rows_per_call": [value for value in NO_COUNT if value is not None],
}
KERNEL_CALL = {
    "X": each(NO_TABLES, TEXT_TABLES, WRONG_WIDTH),
    "l1_reg": ["best", "num_features(0)", "num_features(-1)", "num_features(two)", "num_features", -0.1, np.inf, np.nan]
    + [True, [0.1], "auto", np.array([0.1, 0.2]), 1j],
    "silent": NO_FLAG,
    "nsamples": [value for value in NO_COUNT if value is not None] + [None, "all"],
    "gc_collect": [True, "yes"],
}
LIME = {
    "training_data": [
        *each(NO_TABLES, TEXT_TABLES, GAPS, [TWICE]),
        pd.DataFrame({"when": pd.date_range("2020", periods=ROWS), "x": TABLE[:, 0]}),
        pd.DataFrame({"list": [[1]] * ROWS, "x": TABLE[:, 0]}),
        pd.DataFrame({"number": [np.nan, *[1.0] * (ROWS - 1)], "x": TABLE[:, 0]}),
    ],
    "mode": [*NO_CHOICE, None],
    "training_labels": [np.arange(ROWS - 1), np.ones((ROWS, 2)), [np.nan] * ROWS, TABLE[:, 0], "text", 3, None],
    "feature_names": NO_NAMES,
    "categorical_features": [[9], [-1], [1.5], ["a"], [True, False, True], "a", {"a": 1}],
    "categorical_names": [["a"], "ab", 3, {9: ["a"]}, {"a": ["b"]}, {2: "ab"}, {2: 3}, {2: []}],
    "kernel_width": [0.0, -1.0, np.nan, "wide", [1.0], 1j],
    "kernel": ["exp", 3, *(lambda distances, kernel_width, v=v: v for v in (None, "a", np.ones(3), 1.0))]
    + [lambda distances, kernel_width, v=v: np.full(len(distances), v) for v in (np.nan, np.inf, -1.0, 1j, "a", 0.0)],
    "verbose": NO_FLAG,
    "class_names": ["ab", 3, ["a"], ["a", "b", "c"]],
    "feature_selection": [*NO_CHOICE, None],
    "discretize_continuous": NO_FLAG,
    "discretizer": [*NO_CHOICE, None, object()],
    "sample_around_instance": NO_FLAG,
    "random_state": NO_SEED,
    "training_data_stats": [{}, "text", 3],
    "sampling": [*NO_CHOICE, None],
}
LIME_CALL = {
    "data_row": each(NO_TABLES, TEXT_TABLES, WRONG_WIDTH, {k: v[3] for k, v in GAPS.items()}, {"two rows": TABLE[:2]}),
    "predict_fn": [*each(NO_FUNCTIONS, BAD_OUTPUTS), output],
    "labels": [(), (2,), (-1,), (0.5,), ("a",), "a", 1, None, [None], (True,)],
    "top_labels": [value for value in NO_COUNT if value is not None],
    "num_features": NO_COUNT,
    "num_samples": [*NO_COUNT, 31],
    "distance_metric": ["best", "", 3, None],
    "model_regressor": [3, "ridge", object()],
}
GIVEN = {
    "training_labels": {"discretizer": "entropy"},
    "categorical_names": {"training_data": CODED, "categorical_features": [2]},
}


def explain_kernel(**changed):
    settings = {"model": output, "data": TABLE, "X": TABLE[:2], "silent": True, **changed}
    call = {name: settings.pop(name) for name in KERNEL_CALL if name in settings}
    return KernelExplainer(**settings).shap_values(**call)


def explain_lime(**changed):
    settings = {"training_data": TABLE, "data_row": TABLE[0], "predict_fn": probabilities, "num_samples": 64}
    settings |= changed
    call = {name: settings.pop(name) for name in LIME_CALL if name in settings}
    return LimeTabularExplainer(**settings).explain_instance(**call)


def cases(explain, *tables):
    return [
        pytest.param(explain, name, value, id=f"{explain.__name__}-{name}-{number}")
        for table in tables
        for name, values in table.items()
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("explain", "argument", "value"), cases(explain_kernel, KERNEL, KERNEL_CALL) + cases(explain_lime, LIME, LIME_CALL)
)
def test_bad_argument(explain, argument, value):
    with pytest.raises((ValueError, TypeError, NotImplementedError)) as caught:
        explain(**{**GIVEN.get(argument, {}), argument: value})
    assert re.search(rf"\b{argument}\b", str(caught.value)), str(caught.value)


@pytest.mark.parametrize("name", BAD_OUTPUTS)
def test_bad_outputs_after_good_ones(name):
    with pytest.raises(ValueError, match="model"):
        explain_kernel(model=ChangesItsMind(BAD_OUTPUTS[name]))


def test_more_outputs_than_before():
    with pytest.raises(ValueError, match="model"):
        explain_kernel(model=ChangesItsMind(probabilities))


@pytest.mark.parametrize(
    ("function", "table"),
    [
        (KernelExplainer, KERNEL),
        (KernelExplainer.shap_values, KERNEL_CALL),
        (LimeTabularExplainer, LIME),
        (LimeTabularExplainer.explain_instance, LIME_CALL),
    ],
)
def test_every_argument_has_bad_values(function, table):
    assert set(inspect.signature(function).parameters) - {"self"} == table.keys()
    assert all(len(values) for values in table.values())


# Right answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GAPS)
def test_kernel_shap_hands_gaps_to_the_model(name):
    """Whether a missing or infinite value means anything is the model's affair, in rows and in the background."""

    def model(X):
        return np.where(np.isfinite(X), X, 5.0).sum(axis=1)

    for data, X in ((GAPS[name], TABLE[:4]), (TABLE, GAPS[name][:4])):
        values = explain_kernel(model=model, data=data, X=X)
        expected = np.where(np.isfinite(X), X, 5.0) - np.where(np.isfinite(data), data, 5.0).mean(axis=0)
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)


def test_kernel_shap_of_texts():
    """A table of texts is explained if the model reads texts."""
    words = np.array([["a", "x"], ["b", "x"], ["b", "y"]])
    values = explain_kernel(model=lambda X: (X[:, 0] == "a") + 2.0 * (X[:, 1] == "y"), data=words, X=words[:1])
    np.testing.assert_allclose(values, [[2 / 3, -2 / 3]], rtol=0, atol=1e-12)


def test_numbers_for_texts_are_refused():
    with pytest.raises(ValueError, match=r"\bX\b"):
        explain_kernel(model=lambda X: np.ones(len(X)), data=np.array([["a", "b"]]), X=[[1.0, 2.0]])


@pytest.mark.parametrize(
    "X",
    [TWICE, FRAME[["a", "b"]], FRAME.iloc[:0], FRAME.assign(b="many"), np.ones((2, 2)), [[1, 2, "many"]], "a", None],
)
def test_bad_rows_for_a_frame(X):
    with pytest.raises(ValueError, match=r"\bX\b"):
        explain_kernel(data=FRAME, X=X)
    one = X.iloc[:1] if hasattr(X, "iloc") else X[:1] if isinstance(X, np.ndarray) else X
    with pytest.raises(ValueError, match=r"\bdata_row\b"):
        explain_lime(training_data=FRAME, data_row=one)


def test_truth_values_are_outputs():
    values = explain_kernel(model=lambda X: X[:, 0] > 0)
    assert values[0, 0] == pytest.approx((TABLE[0, 0] > 0) - (TABLE[:, 0] > 0).mean(), abs=1e-12)


def test_more_top_labels_and_features_than_there_are():
    explanation = explain_lime(top_labels=9, num_features=9)
    assert sorted(explanation.available_labels()) == [0, 1]
    assert len(explanation.as_list(1)) == COLUMNS


@pytest.mark.parametrize("labels", [{0, 1}, range(2), np.array([0, 1]), iter([0, 1])])
def test_labels_may_be_any_collection(labels):
    assert sorted(explain_lime(labels=labels).available_labels()) == [0, 1]


@pytest.mark.parametrize("columns", [{2}, np.array([2]), range(2, 3), [2, 2], 2])
def test_categorical_columns_may_be_any_collection(columns):
    explanation = explain_lime(training_data=CODED, data_row=CODED[1], categorical_features=columns)
    assert "2=1" in dict(explanation.as_list())


def test_infinite_width_weighs_all_points_alike():
    flat = explain_lime(kernel_width=np.inf).as_map()
    assert flat == explain_lime(kernel=lambda distances, kernel_width: np.ones(len(distances))).as_map()


def test_width_that_reaches_no_point_is_refused():
    with pytest.raises(ValueError, match="kernel_width"):
        explain_lime(
            training_data=np.random.default_rng(0).normal(size=(50, 12)), data_row=np.ones(12), kernel_width=1e-3
        )


def test_missing_category_is_a_category():
    frame = pd.DataFrame({"job": ["cook", None] * 10, "age": np.arange(20.0)})
    explanation = explain_lime(
        training_data=frame, data_row=frame.iloc[1], mode="regression", predict_fn=lambda X: X["job"].isna() * 1.0
    )
    assert explanation.as_list()[0][0] == "job=None"


# Explanations ---------------------------------------------------------------------------------------------------------

GOOD = {
    "values": np.ones((2, 3)),
    "base_values": np.zeros(2),
    "data": np.ones((2, 3)),
    "feature_names": ("a", "b", "c"),
    "standard_errors": np.zeros((2, 3)),
}
BAD_EXPLANATIONS = {
    "values": [
        np.ones((2, 2)),
        np.ones((2, 3, 2)),
        np.ones((1, 2, 3, 4)),
        "text",
        None,
        [[1], [2, 3]],
        GOOD["data"] * 1j,
    ],
    "base_values": [0.0, np.zeros(3), np.zeros((2, 1)), "text", ["a", "b"], None],
    "data": [np.ones(3), np.ones((2, 2)), np.ones((3, 3)), None, [[1], [2, 3]]],
    "feature_names": [("a", "b"), "abc", None, 3, ()],
    "output_names": [("yes",), ["yes", "no"], 3],
    "standard_errors": [np.zeros(3), np.zeros((2, 2)), "text", 0.0],
    "game": ["interventional", 3],
}


@pytest.mark.parametrize(
    ("argument", "value"), [(name, value) for name, values in BAD_EXPLANATIONS.items() for value in values]
)
def test_bad_part_of_an_explanation(argument, value):
    Explanation(**GOOD)
    with pytest.raises(ValueError, match=rf"\b{argument}\b"):
        Explanation(**{**GOOD, argument: value})


def test_lists_are_as_good_as_tuples_and_arrays():
    explanation = Explanation(**{name: np.asarray(value).tolist() for name, value in GOOD.items()}, output_names=None)
    assert explanation[:, "b"].standard_errors.tolist() == [0.0, 0.0]
