"""A model that was stored and loaded predicts the same bits."""

import io
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import skops.io

from tests.inventory import explainer_classes
from tests.test_contract import CLASSES, estimators, output_of, seeded, table

# Networks are trained for a few epochs only: whether they settle is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(name):
    X, y = table(name)
    return seeded(name).fit(X, y), X


def outputs(estimator, X):
    """All outputs of a fitted estimator, by method."""
    methods = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples")
    return {method: getattr(estimator, method)(X) for method in methods if hasattr(estimator, method)}


def assert_same_bits(one, other, X):
    assert outputs(one, X).keys() == outputs(other, X).keys()
    for method, values in outputs(one, X).items():
        np.testing.assert_array_equal(values, outputs(other, X)[method], err_msg=method)
        assert values.dtype == outputs(other, X)[method].dtype


@estimators
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(name, protocol):
    estimator, X = fitted(name)
    assert_same_bits(estimator, pickle.loads(pickle.dumps(estimator, protocol)), X)


def test_pickle_in_another_process(tmp_path):
    """The other process has not imported the package before it loads, and compiles or finds its kernels itself."""
    models = {name: fitted(name) for name in CLASSES}
    (tmp_path / "models.pickle").write_bytes(pickle.dumps(models))
    code = (
        "import pickle, sys\n"
        "models = pickle.load(open(sys.argv[1], 'rb'))\n"
        "outputs = {n: m.predict(X) if hasattr(m, 'predict') else m.transform(X) for n, (m, X) in models.items()}\n"
        "pickle.dump(outputs, open(sys.argv[2], 'wb'))"
    )
    paths = [str(tmp_path / "models.pickle"), str(tmp_path / "outputs.pickle")]
    subprocess.run([sys.executable, "-c", code, *paths], check=True, timeout=300)
    outputs = pickle.loads((tmp_path / "outputs.pickle").read_bytes())
    for name, (estimator, X) in models.items():
        np.testing.assert_array_equal(outputs[name], output_of(estimator, X), err_msg=name)


@estimators
def test_unfitted_pickle(name):
    estimator = pickle.loads(pickle.dumps(CLASSES[name]()))
    assert repr(estimator.get_params()) == repr(CLASSES[name]().get_params())


@estimators
@pytest.mark.parametrize("compress", [0, 3])
def test_joblib(name, compress, tmp_path):
    estimator, X = fitted(name)
    joblib.dump(estimator, tmp_path / "model.joblib", compress=compress)
    assert_same_bits(estimator, joblib.load(tmp_path / "model.joblib"), X)


@estimators
def test_joblib_memory_map(name, tmp_path):
    """The arrays of the model are read-only and lie in the file: nothing may write to them."""
    estimator, X = fitted(name)
    joblib.dump(estimator, tmp_path / "model.joblib")
    assert_same_bits(estimator, joblib.load(tmp_path / "model.joblib", mmap_mode="r"), X)


@estimators
def test_skops(name):
    """Fitted state is arrays and plain values: what must be trusted by name is ours or NumPy's alone."""
    estimator, X = fitted(name)
    own = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    stored = skops.io.dumps(estimator)
    untrusted = skops.io.get_untrusted_types(data=stored)
    foreign = [kind for kind in untrusted if kind != own and not kind.startswith(("mlx.", "numpy."))]
    assert foreign == []
    assert_same_bits(estimator, skops.io.loads(stored, trusted=untrusted), X)


@estimators
def test_refit_after_loading(name):
    """A loaded model is as good as new: fitting it again gives the same bits."""
    estimator, X = fitted(name)
    loaded = pickle.loads(pickle.dumps(estimator))
    assert_same_bits(estimator, loaded.fit(*table(name)), X)


# What a model must keep of the training rows, and why.
KEEPS_ROWS = {
    "ForestImputer": "new rows are filled from the training rows that share their leaves",
    "TSNE": "new rows are placed among the training rows that are near them",
}


@estimators
def test_stored_model_holds_no_data(name):
    """A model file that grows with the rows has kept some of them."""
    if name in KEEPS_ROWS:
        pytest.skip(KEEPS_ROWS[name])
    X, y = table(name)
    few = len(pickle.dumps(seeded(name).fit(X, y)))
    many = len(pickle.dumps(seeded(name).fit(np.tile(X, (20, 1)), np.tile(y, 20))))
    assert many < few + X.to_numpy().nbytes * 10


def test_explanation_survives_pickle():
    explainer = explainer_classes()["KernelExplainer"](lambda X: X[:, 0] * X[:, 1] + X[:, 2], np.eye(3))
    explanation = explainer(np.arange(6.0).reshape(2, 3), silent=True)
    loaded = pickle.load(io.BytesIO(pickle.dumps(explanation)))
    np.testing.assert_array_equal(loaded.values, explanation.values)
    assert loaded.feature_names == explanation.feature_names
