import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from mlx.explain import Explanation, LimeTabularExplainer
from mlx.plots import beeswarm, effect_bars, waterfall
from mlx.plots.labels import PAPER, feature_label, number, shortened


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


class TestWaterfall:
    def test_bars_lead_from_the_average_to_the_output(self):
        ax = waterfall([1.0, -3.0, 2.0], 10.0, [1, 2, 3], ["a", "b", "c"])
        assert labels(ax) == ["b = 2", "c = 3", "a = 1"]
        bars = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches]
        assert bars == [(13.0, 10.0), (11.0, 13.0), (10.0, 11.0)]
        assert {"output 10", "average 10", "−3", "+2", "+1"} <= set(texts(ax))

    def test_paper_behind_the_names_of_the_lines_is_no_pure_white(self):
        # A dark page paints this colour anew, and leaves the white figures on the bars alone.
        ax = waterfall([1.0, -3.0, 2.0], 10.0, [1, 2, 3], ["a", "b", "c"])
        boxes = [text.get_bbox_patch() for text in ax.texts]
        papers = {matplotlib.colors.to_hex(box.get_facecolor()) for box in boxes if box}
        assert papers == {PAPER}
        assert PAPER not in ("#ffffff", "white")

    def test_features_left_over_share_a_bar(self):
        ax = waterfall(np.arange(1.0, 8.0), 0.0, np.zeros(7), list("abcdefg"), max_display=3)
        assert labels(ax) == ["g = 0", "f = 0", "5 other features"]
        assert sum(patch.get_width() for patch in ax.patches) == 28.0

    def test_draws_on_given_axes_and_shows_errors(self):
        given = plt.subplots()[1]
        ax = waterfall(
            [1.0, 2.0], 0.0, ["x", None], ["a", "b"], standard_errors=[0.1, 0.2], output_name="yes", ax=given
        )
        assert ax is given
        assert ax.get_xlabel() == "model output: yes (whiskers: 2 standard errors)"
        assert len(plt.get_fignums()) == 1

    def test_nothing_but_zeros(self):
        waterfall([0.0, 0.0], 5.0, [1, 2], ["a", "b"]).figure.canvas.draw()

    @pytest.mark.parametrize(
        ("values", "base_value", "standard_errors", "message"),
        [
            ([1.0, 2.0], 0.0, [0.1], "standard_errors must have one entry"),
            ([1.0, np.nan], 0.0, None, "must be finite"),
            ([1.0, 2.0], np.inf, None, "must be finite"),
            ([], 0.0, None, "at least one feature"),
        ],
    )
    def test_values_that_make_no_picture(self, values, base_value, standard_errors, message):
        with pytest.raises(ValueError, match=message):
            waterfall(values, base_value, values, ["a", "b"][: len(values)], standard_errors=standard_errors)

    @pytest.mark.parametrize("settings", [{"max_display": 0}, {"data": [1]}, {"values": [[1.0]]}])
    def test_bad_input(self, settings):
        arguments = {"values": [1.0], "base_value": 0.0, "data": [1], "feature_names": ["a"], **settings}
        if settings.get("data") == [1]:
            arguments["values"] = [1.0, 2.0]
        with pytest.raises(ValueError, match=r"max_display|values, data"):
            waterfall(**arguments)


class TestBeeswarm:
    def test_lanes_by_mean_size_and_every_dot_in_its_lane(self):
        rng = np.random.default_rng(0)
        values = rng.normal(size=(200, 3)) * [1.0, 3.0, 2.0]
        data = np.array([["x", 1.0, np.nan]] * 200, dtype=object)
        ax = beeswarm(values, data, ["a", "b", "c"])
        assert labels(ax) == ["b", "c", "a"]
        for lane, feature in enumerate([1, 2, 0]):
            dots = np.concatenate([part.get_offsets() for part in ax.collections[2 * lane : 2 * lane + 2]])
            np.testing.assert_array_equal(np.sort(dots[:, 0]), np.sort(values[:, feature]))
            assert np.abs(dots[:, 1] - lane).max() <= 0.41

    def test_colours_follow_the_data(self):
        ax = beeswarm(np.array([[1.0], [2.0], [3.0]]), np.array([[5.0], [np.nan], [7.0]]), ["a"])
        grey, coloured = ax.collections
        assert len(grey.get_offsets()) == 1
        assert coloured.get_array().tolist() == [0.0, 1.0]

    def test_no_more_lanes_than_asked_for(self):
        ax = beeswarm(np.ones((5, 30)), np.ones((5, 30)), [f"f{j}" for j in range(30)], max_display=4)
        assert len(labels(ax)) == 4

    @pytest.mark.parametrize("values", [np.ones((0, 2)), np.full((3, 2), np.nan)])
    def test_values_that_make_no_picture(self, values):
        with pytest.raises(ValueError, match="must be finite, of at least one row"):
            beeswarm(values, values, ["a", "b"])

    def test_shapes_must_agree(self):
        with pytest.raises(ValueError, match="values and data"):
            beeswarm(np.ones((3, 2)), np.ones((3, 1)), ["a", "b"])


def test_effect_bars_keep_the_order():
    ax = effect_bars(["a", "b" * 80], [1.0, -2.0], standard_errors=[0.1, 0.1], title="t")
    assert labels(ax)[0] == "a"
    assert len(labels(ax)[1]) == 44
    assert [patch.get_width() for patch in ax.patches] == [1.0, -2.0]


class TestFromExplanations:
    @pytest.fixture
    def many(self):
        rng = np.random.default_rng(0)
        return Explanation(
            rng.normal(size=(9, 2, 2)), np.zeros((9, 2)), rng.normal(size=(9, 2)), ("a", "b"), ("n", "y")
        )

    def test_one_row_and_many(self, many):
        assert many[0, :, "y"].plot.waterfall().get_xlabel() == "model output: y"
        assert len(labels(many[..., "n"].plot.beeswarm(max_display=1))) == 1

    def test_wrong_pictures_say_what_to_choose(self, many):
        with pytest.raises(ValueError, match="choose one of 'n', 'y'"):
            many.plot.beeswarm()
        with pytest.raises(ValueError, match="choose one of 9"):
            many[..., 0].plot.waterfall()
        with pytest.raises(ValueError, match=r"use plot\.waterfall"):
            many[0, :, 0].plot.beeswarm()
        with pytest.raises(ValueError, match="all features"):
            many[:, "a", 0].plot.beeswarm()

    def test_lime(self):
        table = np.random.default_rng(0).normal(size=(50, 2))
        explanation = LimeTabularExplainer(table, mode="regression").explain_instance(table[0], lambda X: X[:, 0])
        figure = explanation.as_pyplot_figure()
        assert figure.axes[0].get_title(loc="left") == "Local explanation"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3.0, "3"),
        (3.14159, "3.142"),
        (np.nan, "missing"),
        ("text", "text"),
        (True, "True"),
        (None, "None"),
        (1e9, "1e+09"),
    ],
)
def test_numbers(value, shown):
    assert number(value) == shown


def test_long_names_keep_both_ends():
    short = shortened("a_very_long_name_of_a_feature_number_17")
    assert len(short) == 28
    assert short.startswith("a_very")
    assert short.endswith("17")
    assert feature_label("age", 39) == "age = 39"
