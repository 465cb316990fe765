"""Threads, processes and forks: the same bits as alone, and nothing hangs or dies.

Children report through their exit status, so that a child that was killed is a failure and not a wait without end.
"""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier

from tests.inventory import estimator_classes
from tests.test_contract import estimators, output_of, seeded, table

# Networks are trained for a few epochs only: whether they settle is not what is tested here.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # LogisticRegression has the parameter because scikit-learn still has it, and warns as it does.
    pytest.mark.filterwarnings("ignore:n_jobs is deprecated:FutureWarning"),
]

with_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
# Python warns of fork in a process with threads: BLAS has some, and this is the very case that is tested.
about_fork = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def large_table(name):
    """Rows enough for a booster to share its work among threads; other models share theirs at any size."""
    X, y = table(name)
    generator = np.random.default_rng(0)
    if name == "TSNE":  # enough for the mesh
        return pd.DataFrame(generator.normal(size=(4_100, 4)), columns=X.columns), None
    if not name.startswith("XGB"):
        return X, y
    X = pd.DataFrame(generator.normal(size=(40_000, 4)), columns=X.columns)
    score = X["a"] * X["b"] + X["c"]
    return X, (score > 0).astype(int) if is_classifier(seeded(name)) else score


def fit_and_apply(name, table=table):
    X, y = table(name)
    return output_of(seeded(name).fit(X, y), X)


@estimators
def test_predict_from_eight_threads(name):
    X, y = table(name)
    estimator = seeded(name).fit(X, y)
    alone, together = output_of(estimator, X), Barrier(8, timeout=60)

    def predict(_):
        together.wait()
        return [output_of(estimator, X) for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(predict, range(8), timeout=120):
            for result in results:
                np.testing.assert_array_equal(result, alone)


@estimators
def test_fit_from_two_threads_at_once(name):
    alone, together = fit_and_apply(name), Barrier(2, timeout=60)

    def fit(_):
        together.wait()
        return [fit_and_apply(name) for _ in range(3)]

    with ThreadPoolExecutor(2) as pool:
        for results in pool.map(fit, range(2), timeout=240):
            for result in results:
                np.testing.assert_array_equal(result, alone)


def test_first_fit_from_two_threads_at_once():
    """In a fresh process both threads compile, or read, the same kernels at the same time."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "import numpy as np\n"
        "from tests.test_concurrency import fit_and_apply\n"
        "names = [n for n in ('XGBRegressor', 'XGBClassifier') for _ in range(2)]\n"
        "with ThreadPoolExecutor(4) as pool: one, two, three, four = pool.map(fit_and_apply, names)\n"
        "assert np.array_equal(one, two) and np.array_equal(three, four)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


@estimators
@pytest.mark.parametrize("n_jobs", [1, 2, -1])
def test_bits_do_not_depend_on_n_jobs(name, n_jobs):
    X, y = large_table(name)
    estimator = seeded(name)
    if "n_jobs" not in estimator.get_params():
        pytest.skip("has no n_jobs")
    other = output_of(estimator.set_params(n_jobs=n_jobs).fit(X, y), X)
    np.testing.assert_array_equal(other, fit_and_apply(name, large_table))


def _work_in_child(name, estimator, X, alone, with_threads):
    """Exit status of a forked child: it predicts with the parent's model and fits one of its own."""
    try:
        if with_threads and "n_jobs" in estimator.get_params():
            estimator.set_params(n_jobs=2)
        same = np.array_equal(output_of(estimator, X), alone)
        fresh = clone(estimator).fit(*large_table(name))
        same = same and np.array_equal(output_of(fresh, X), alone)
    except BaseException:
        os._exit(3)
    os._exit(0 if same else 4)


@with_fork
@about_fork
@estimators
@pytest.mark.parametrize("with_threads", [False, True])
def test_fit_and_predict_after_fork(name, with_threads):
    """The parent has fitted, with threads; then it forks, as gunicorn and multiprocessing do."""
    X, y = large_table(name)
    estimator = seeded(name)
    if "n_jobs" in estimator.get_params():
        estimator.set_params(n_jobs=2)
    alone = output_of(estimator.fit(X, y), X)
    child = multiprocessing.get_context("fork").Process(
        target=_work_in_child, args=(name, estimator, X, alone, with_threads)
    )
    child.start()
    child.join(120)
    if child.is_alive():
        child.kill()
        child.join()
        pytest.fail("the child hangs")
    assert child.exitcode == 0


@estimators
@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_under_joblib(name, backend):
    alone = fit_and_apply(name)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        results = joblib.Parallel()(joblib.delayed(fit_and_apply)(name) for _ in range(3))
    for result in results:
        np.testing.assert_array_equal(result, alone)


def test_all_estimators_are_tried():
    assert len(estimator_classes()) >= 7
