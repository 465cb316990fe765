import numpy as np
import pytest
from sklearn.model_selection import KFold

from mlx.boosting import DMatrix, QuantileDMatrix, cv, train

rng = np.random.default_rng(0)
X = rng.integers(-9, 9, size=(240, 3)).astype(np.float64)
y = (X[:, 0] + rng.normal(size=240) > 0).astype(float)
BINARY = {"objective": "binary:logistic", "max_depth": 2}


def rows(**known):
    return DMatrix(X, y, **known)


def test_table_is_made_of_trainings_on_the_folds():
    folds = list(KFold(3, shuffle=True, random_state=0).split(X))
    table = cv(BINARY, rows(), 4, folds=folds, as_pandas=False)
    of_folds = []
    for train_rows, test_rows in folds:
        log = {}
        matrices = [DMatrix(X[part], y[part]) for part in (train_rows, test_rows)]
        evals = list(zip(matrices, ("train", "test")))
        train(BINARY, matrices[0], 4, evals=evals, evals_result=log, verbose_eval=False)
        of_folds.append(log)
    for name in ("train", "test"):
        values = np.array([log[name]["logloss"] for log in of_folds])
        np.testing.assert_allclose(table[f"{name}-logloss-mean"], values.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(table[f"{name}-logloss-std"], values.std(axis=0), rtol=1e-9)


def test_random_numbers_of_the_caller_are_left_alone():
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002
    cv(BINARY, rows(), 1)
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002


def test_seed_and_shuffle_make_the_folds():
    def last(**options):
        return cv(BINARY, rows(), 2, as_pandas=False, **options)["test-logloss-mean"][-1]

    assert last() == last(seed=0)
    assert len({last(), last(seed=1), last(shuffle=False), last(nfold=4), last(stratified=True)}) == 5


def test_metrics_of_the_call_come_before_those_of_the_parameters():
    params = {**BINARY, "eval_metric": ["auc"]}
    assert next(iter(cv(params, rows(), 1, as_pandas=False))) == "train-auc-mean"
    assert next(iter(cv(params, rows(), 1, metrics="error", as_pandas=False))) == "train-error-mean"
    assert len(cv(list(params.items()), rows(), 1, metrics=["error", "auc"], as_pandas=False)) == 8


def test_early_stopping_ends_the_table_with_the_best_round():
    table = cv({**BINARY, "eta": 1}, rows(), 50, early_stopping_rounds=2, as_pandas=False)
    means = table["test-logloss-mean"]
    assert len(means) < 50
    assert int(np.argmin(means)) == len(means) - 1
    worst = cv({**BINARY, "eta": 1}, rows(), 50, early_stopping_rounds=2, maximize=True, as_pandas=False)
    assert len(worst["test-logloss-mean"]) < len(means)


def test_groups_stay_whole():
    seen = []

    def look(train_rows, test_rows, params):
        seen.append((train_rows.get_group().tolist(), test_rows.get_group().tolist()))
        return train_rows, test_rows, params

    sizes = [20, 40, 60, 80, 30, 10]
    cv({"objective": "rank:pairwise"}, rows(group=sizes), 1, fpreproc=look, as_pandas=False)
    assert all(sorted(a + b) == sorted(sizes) for a, b in seen)
    assert sorted(size for _, test in seen for size in test) == sorted(sizes)


def test_what_a_fold_uses_may_be_changed():
    def slower(train_rows, test_rows, params):
        return train_rows, test_rows, {**params, "eta": 0.0}

    table = cv(BINARY, rows(), 3, fpreproc=slower, as_pandas=False)["train-logloss-mean"]
    assert len(set(table)) == 1


def test_lines(capsys):
    cv(BINARY, rows(), 3, verbose_eval=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["[0]", "[2]"]
    assert "+" in lines[0]
    cv(BINARY, rows(), 1, verbose_eval=True, show_stdv=False)
    assert "+" not in capsys.readouterr().out
    cv(BINARY, rows(), 1)
    assert capsys.readouterr().out == ""


def test_frame_or_lists():
    pandas = pytest.importorskip("pandas")
    assert isinstance(cv(BINARY, rows(), 1), pandas.DataFrame)
    assert isinstance(cv(BINARY, rows(), 1, as_pandas=False), dict)


@pytest.mark.parametrize(
    ("options", "kind", "name"),
    [
        ({"nfold": 1}, ValueError, "nfold"),
        ({"nfold": 1000}, ValueError, "nfold"),
        ({"folds": [3]}, ValueError, "folds"),
        ({"custom_metric": 3}, TypeError, "custom_metric"),
        ({"callbacks": [3]}, TypeError, "callbacks"),
        ({"metrics": ["guess"]}, ValueError, "eval_metric"),
    ],
)
def test_wrong_arguments_are_refused_by_name(options, kind, name):
    with pytest.raises(kind, match=name):
        cv(BINARY, rows(), 1, **options)


def test_only_a_plain_matrix_is_cut_into_folds():
    for wrong in (X, QuantileDMatrix(X, y)):
        with pytest.raises(TypeError, match="dtrain"):
            cv(BINARY, wrong, 1)
