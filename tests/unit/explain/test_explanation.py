import pickle

import numpy as np
import pytest

from mlx.explain import Explanation, Game


@pytest.fixture
def many():
    values = np.arange(24, dtype=float).reshape(2, 4, 3)
    return Explanation(
        values=values,
        base_values=np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        data=np.arange(8).reshape(2, 4),
        feature_names=("age", "job", "sex", "hours"),
        output_names=("no", "yes", "maybe"),
        standard_errors=values / 100,
        method="Kernel SHAP",
        game=Game("interventional", 100, False, 2056, 1000),
        additivity_error=1e-15,
    )


class TestSlicing:
    def test_rows(self, many):
        assert len(many) == 2
        one = many[1]
        np.testing.assert_array_equal(one.values, many.values[1])
        np.testing.assert_array_equal(one.base_values, [4, 5, 6])
        np.testing.assert_array_equal(one.data, [4, 5, 6, 7])
        np.testing.assert_array_equal(one.standard_errors, many.values[1] / 100)
        assert many[:1].shape == (1, 4, 3)
        assert many[[1, 0]].data[0, 0] == 4
        assert many[np.array([False, True])].shape == (1, 4, 3)
        assert [row.shape for row in (many[0], many[-1])] == [(4, 3), (4, 3)]

    def test_features(self, many):
        job = many[:, "job"]
        np.testing.assert_array_equal(job.values, many.values[:, 1])
        np.testing.assert_array_equal(job.data, [1, 5])
        assert job.feature_names == "job"
        assert job.base_values.shape == (2, 3)
        two = many[:, ["hours", "age"]]
        assert two.feature_names == ("hours", "age")
        np.testing.assert_array_equal(two.data, [[3, 0], [7, 4]])
        assert many[:, 1:3].feature_names == ("job", "sex")

    def test_outputs(self, many):
        for key in ((Ellipsis, 1), (Ellipsis, "yes"), (slice(None), slice(None), "yes")):
            yes = many[key]
            np.testing.assert_array_equal(yes.values, many.values[..., 1])
            np.testing.assert_array_equal(yes.base_values, [2, 5])
            assert yes.output_names == "yes"
            assert yes.data.shape == (2, 4)
        assert many[..., ["yes", "no"]].output_names == ("yes", "no")

    def test_all_at_once_and_one_after_the_other(self, many):
        assert many[1, "sex", "maybe"].values == many.values[1, 2, 2]
        assert many[1]["sex"]["maybe"].values == many.values[1, 2, 2]
        assert many[..., "maybe"][1]["sex"].values == many.values[1, 2, 2]
        assert many[..., "maybe"][:, "sex"].values.tolist() == many.values[:, 2, 2].tolist()
        block = many[[0, 1], ["age", "sex"]]
        assert block.shape == (2, 2, 3)

    def test_wrong_keys(self, many):
        with pytest.raises(KeyError, match="'agge'"):
            many[:, "agge"]
        with pytest.raises(IndexError):
            many[0, 0, 0, 0]
        with pytest.raises(IndexError):
            many[5]
        with pytest.raises(TypeError):
            len(many[0])


def test_frame(many):
    frame = many.to_frame()
    assert frame.columns.tolist() == ["row", "feature", "output", "data", "value", "standard_error"]
    line = frame[(frame["row"] == 1) & (frame["feature"] == "sex") & (frame["output"] == "no")].iloc[0]
    assert (line["data"], line["value"], line["standard_error"]) == (6, 18.0, 0.18)
    wide = many[..., "yes"].to_frame().pivot(index="row", columns="feature", values="value")
    np.testing.assert_array_equal(wide[list(many.feature_names)].to_numpy(), many.values[..., 1])
    assert many[0, :, 0].to_frame()["value"].tolist() == many.values[0, :, 0].tolist()
    assert many[0, "age", 0].to_frame().shape == (1, 5)


def test_summary_names_the_game_and_its_error(many):
    text = repr(many)
    for part in ("2 rows", "4 features", "3 outputs", "interventional", "100 background rows", "sampled", "0.23"):
        assert part in text


def test_html_is_small_and_escapes_names(many):
    one = Explanation([1.0, -2.0], 0.5, ["<b>", 3], ("<i>", "b"))
    html = one._repr_html_()
    assert "<i>" not in html
    assert "&lt;i&gt;" in html
    assert len(html) < 3000
    assert "mean of |values|" in many[..., 0]._repr_html_()
    assert "<table>" not in many._repr_html_()


def test_frozen_and_picklable(many):
    with pytest.raises(AttributeError):
        many.values = 1
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(many)).values, many.values)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"base_values": np.zeros(3)}, "base_values"),
        ({"data": np.zeros((2, 3))}, "data"),
        ({"feature_names": ("a",)}, "feature_names"),
        ({"output_names": ("a",)}, "output_names"),
        ({"standard_errors": np.zeros(2)}, "standard_errors"),
        ({"values": np.zeros(4)}, "values"),
    ],
)
def test_shapes_must_agree(many, change, text):
    from dataclasses import replace

    with pytest.raises(ValueError, match=text):
        replace(many, **change)
