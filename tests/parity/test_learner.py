"""The learning API beside xgboost 3.2: the same parameters and the same data, trees node for node.

Columns have at most 40 values where nothing else is said, so that both sides cut at the same places; where they have
more, the parameter cuts asks for the library's cuts.
"""

import inspect
import json
import pickle

import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold, StratifiedKFold

import mlx.boosting as ours
import mlx.boosting.callback as our_callbacks
from mlx.boosting.matrix import DataSplitMode
from tests import tolerances
from tests.parity.test_boosting import table

pytestmark = pytest.mark.parity

xgboost = pytest.importorskip("xgboost")

PARAMETERS = {
    "regression": {"max_depth": 4},
    "binary": {"objective": "binary:logistic", "max_depth": 4, "eta": 0.2, "eval_metric": ["auc", "logloss"]},
    "multi": {"objective": "multi:softprob", "num_class": 3, "max_depth": 3},
    "classes": {"objective": "multi:softmax", "num_class": 3, "max_depth": 3, "eval_metric": ["merror", "mlogloss"]},
}
TASKS = {"regression": "regression", "binary": "binary", "multi": "multi", "classes": "multi"}


def data(task, n=600, **known):
    """The same matrices on both sides."""
    X, y = table(TASKS.get(task, task), n=n, missing=0.2)
    return [side.DMatrix(X, y, **known) for side in (ours, xgboost)]


def both(task, n_rounds=6, parameters=(), known=None, **options):
    """Models of both sides, their matrices and what was evaluated."""
    matrices = data(task, **(known or {}))
    found = []
    for side, matrix in zip((ours, xgboost), matrices):
        log = {}
        model = side.train(
            {**PARAMETERS[task], **dict(parameters)},
            matrix,
            n_rounds,
            evals=[(matrix, "train")],
            evals_result=log,
            verbose_eval=False,
            **options,
        )
        found += [model, matrix, log]
    return found


def assert_same_dumps(mine, theirs):
    """The same questions and leaves; gains and covers are compared elsewhere."""
    assert mine.get_dump() == theirs.get_dump()


def assert_same_logs(mine, theirs, record_difference, case):
    assert list(mine) == list(theirs)
    for name in mine:
        assert list(mine[name]) == list(theirs[name])
        for metric, values in mine[name].items():
            difference = np.abs(np.subtract(values, theirs[name][metric])).max()
            record_difference(f"{case}: {metric}", difference, tolerances.BOOSTER_METRIC)


@pytest.mark.parametrize("task", sorted(PARAMETERS))
def test_train(task, record_difference):
    mine, rows, log, theirs, their_rows, their_log = both(task)
    assert_same_logs(log, their_log, record_difference, f"train, {task}")
    for options in ({}, {"output_margin": True}, {"iteration_range": (1, 4)}, {"strict_shape": True}):
        a, b = mine.predict(rows, **options), theirs.predict(their_rows, **options)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        record_difference(f"Booster.predict, {task}", np.abs(a - b).max(), tolerances.BOOSTER_MARGIN)
    for options in ({}, {"iteration_range": (0, 4)}, {"strict_shape": True}):
        a, b = (m.predict(r, pred_leaf=True, **options) for m, r in ((mine, rows), (theirs, their_rows)))
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert mine.num_boosted_rounds() == theirs.num_boosted_rounds()
    assert mine.num_features() == theirs.num_features()


def test_cuts_of_the_library_on_columns_of_any_values():
    X, y = load_diabetes(return_X_y=True)
    mine = ours.train({"max_bin": 16, "cuts": "xgboost"}, ours.DMatrix(X, y), 10)
    theirs = xgboost.train({"max_bin": 16}, xgboost.DMatrix(X, y), 10)
    assert_same_dumps(mine, theirs)
    exact = ours.train({"max_bin": 16}, ours.DMatrix(X, y), 10)
    assert exact.get_dump() != theirs.get_dump()


@pytest.mark.parametrize(
    "parameters",
    [
        [("max_depth", "3"), ("eta", "0.1"), ("lambda", 2), ("alpha", 0.5), ("gamma", 0.1)],
        {"min_split_loss": 0.2, "reg_lambda": 0.5, "learning_rate": 0.5, "nthread": 1},
        {"max_leaves": "6", "grow_policy": "lossguide", "max_depth": 0, "n_jobs": 2},
        {"base_score": "0.3", "min_child_weight": "5", "max_delta_step": 0.7, "tree_method": "exact"},
        {"monotone_constraints": "(1,0,-1)", "interaction_constraints": "[[0, 1], [2, 3]]"},
        {"num_parallel_tree": 2, "objective": "reg:squarederror"},
        {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.8], "max_depth": 2},
        {"objective": "reg:pseudohubererror", "huber_slope": 2.0, "max_bin": np.int64(64)},
        {"objective": "reg:absoluteerror", "seed": 3, "verbosity": 0, "device": "cpu", "booster": "gbtree"},
    ],
    ids=str,
)
def test_parameters_by_all_their_names(parameters):
    X, y = table("regression", n=500, missing=0.2)
    mine = ours.train(parameters, ours.DMatrix(X, y), 4)
    theirs = xgboost.train(parameters, xgboost.DMatrix(X, y), 4)
    assert_same_dumps(mine, theirs)


def test_weights_margins_and_names():
    rng = np.random.default_rng(0)
    known = {
        "base_margin": rng.normal(size=600),
        "feature_names": list("uvwxyz"),
        "feature_types": ["q", "int", "q", "float", "q", "q"],
    }
    mine, rows, _, theirs, their_rows, _ = both("regression", known=known)
    for options in ({}, {"with_stats": True}, {"dump_format": "json"}, {"dump_format": "dot"}):
        if options != {"with_stats": True}:
            assert mine.get_dump(**options) == theirs.get_dump(**options)
    np.testing.assert_array_equal(mine.predict(rows), theirs.predict(their_rows))
    weighted = both("regression", known={"weight": rng.integers(1, 4, 600)})
    a, b = (model.predict(matrix) for model, matrix in (weighted[:2], weighted[3:5]))
    np.testing.assert_allclose(a, b, rtol=0, atol=10 * tolerances.BOOSTER_MARGIN)
    assert mine.feature_names == theirs.feature_names
    assert mine.feature_types == theirs.feature_types
    assert mine.get_score().keys() == theirs.get_score().keys()


def logistic_gradients(margin, rows):
    p = 1 / (1 + np.exp(-margin))
    return (p - rows.get_label()).astype(np.float32), (p * (1 - p)).astype(np.float32)


@pytest.mark.parametrize(
    "parameters", [{}, {"objective": "binary:logistic"}, {"base_score": 0.3, "objective": "binary:logistic"}], ids=str
)
def test_own_objective_and_metric(parameters, record_difference):
    def mean(margin, rows):
        return "mean", float(np.mean(margin))

    matrices = data("binary")
    found = []
    for side, rows in zip((ours, xgboost), matrices):
        log = {}
        model = side.train(
            {"max_depth": 3, **parameters},
            rows,
            5,
            obj=logistic_gradients,
            custom_metric=mean,
            evals=[(rows, "train")],
            evals_result=log,
            verbose_eval=False,
        )
        found.append((log, model.predict(rows, output_margin=True)))
    (log, margin), (their_log, their_margin) = found
    record_difference("own objective", np.abs(margin - their_margin).max(), tolerances.BOOSTER_MARGIN)
    assert_same_logs(log, their_log, record_difference, "own metric")


def test_update_and_boost_by_hand():
    found = []
    for side, rows in zip((ours, xgboost), data("binary")):
        model = side.Booster({"max_depth": 3}, [rows])
        for number in range(2):
            model.update(rows, number)
        model.update(rows, 2, fobj=logistic_gradients)
        grad, hess = logistic_gradients(model.predict(rows, output_margin=True), rows)
        model.boost(rows, 3, grad=grad, hess=hess)
        found.append((model.predict(rows), model.get_dump(), model.eval(rows, "name", 7)[:15]))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=0, atol=tolerances.BOOSTER_MARGIN)
    assert len(found[0][1]) == len(found[1][1]) == 4
    assert found[0][2] == found[1][2]


def test_several_outputs_of_own_gradients():
    def gradients(margin, rows):
        p = np.exp(margin) / np.exp(margin).sum(axis=1, keepdims=True)
        y = np.eye(3)[rows.get_label().astype(int)]
        return (p - y).astype(np.float32), (2 * p * (1 - p)).astype(np.float32)

    parameters = {"objective": "multi:softprob", "num_class": 3, "max_depth": 3}
    found = [
        side.train(parameters, rows, 3, obj=gradients).predict(rows, output_margin=True)
        for side, rows in zip((ours, xgboost), data("multi"))
    ]
    np.testing.assert_allclose(*found, rtol=0, atol=tolerances.BOOSTER_MARGIN)


@pytest.mark.parametrize("task", ["regression", "multi"])
def test_files_both_ways(task):
    mine, rows, _, theirs, their_rows, _ = both(task)
    for raw_format in ("json", "ubj"):
        here = xgboost.Booster(model_file=mine.save_raw(raw_format))
        there = ours.Booster(model_file=theirs.save_raw(raw_format))
        np.testing.assert_array_equal(here.predict(their_rows), theirs.predict(their_rows))
        np.testing.assert_array_equal(there.predict(rows), mine.predict(rows))
        assert_same_dumps(there, here)
    mine_text, theirs_text = (json.loads(model.save_raw("json").decode())["learner"] for model in (mine, theirs))
    assert mine_text.keys() == theirs_text.keys()


def test_training_goes_on_in_either_library():
    mine, rows, _, theirs, their_rows, _ = both("binary")
    parameters = PARAMETERS["binary"]
    further = [
        ours.train(parameters, rows, 3, xgb_model=mine),
        ours.train(parameters, rows, 3, xgb_model=theirs.save_raw()),
        xgboost.train(parameters, their_rows, 3, xgb_model=theirs),
        xgboost.train(parameters, their_rows, 3, xgb_model=mine.save_raw()),
    ]
    assert [model.num_boosted_rounds() for model in further] == [9] * 4
    assert mine.num_boosted_rounds() == 6
    for model in further[:2]:
        np.testing.assert_allclose(
            model.predict(rows), further[2].predict(their_rows), rtol=0, atol=tolerances.BOOSTER_PROBABILITY
        )
    assert_same_dumps(further[0], further[1])


SLICES = ["2:5", "3", "::2", "1:", "...", "0:0", "1:5:2", ":4"]


@pytest.mark.parametrize("text", SLICES)
def test_slices(text):
    mine, rows, _, theirs, their_rows, _ = both("multi")
    mine.set_attr(kept="yes", best_iteration="1")
    theirs.set_attr(kept="yes", best_iteration="1")
    a, b = (eval(f"model[{text}]", {"model": model}) for model in (mine, theirs))
    assert a.num_boosted_rounds() == b.num_boosted_rounds()
    assert a.attributes() == b.attributes()
    np.testing.assert_allclose(a.predict(rows), b.predict(their_rows), rtol=0, atol=tolerances.BOOSTER_PROBABILITY)


WRONG = [
    "model[-1]",
    "model[9]",
    "model[0:9]",
    "model[4:2]",
    "model[5:0]",
    "model[2:2]",
    "model[:-1]",
    "model[::-1]",
    "model['a']",
    "model[1, 2]",
    "model.predict(X)",
    "model.predict(rows, output_margin=True, pred_leaf=True)",
    "model.predict(rows, iteration_range=(4, 2))",
    "model.predict(rows, iteration_range=(0, 9))",
    "model.predict(side.DMatrix(X, feature_names=list('fedcba')))",
    "model.predict(side.DMatrix(X))",
    "model.eval(side.DMatrix(X, feature_names=list('abcdef')))",
    "model.best_iteration",
    "model.best_score",
    "model.save_raw('deprecated')",
    "model.get_dump(dump_format='yaml')",
    "model.get_score(importance_type='size')",
    "model.boost(rows, 0)",
    "side.Booster(cache=[X])",
    "side.Booster(model_file=3)",
    "side.Booster().num_boosted_rounds()",
    "side.train({'max_depth': -1}, rows)",
    "side.train({'max_depth': 'deep'}, rows)",
    "side.train({'subsample': 2}, rows)",
    "side.train({'eta': -1}, rows)",
    "side.train({'objective': 'reg:cubed'}, rows)",
    "side.train({'objective': 'multi:softprob'}, rows)",
    "side.train({'objective': 'multi:softprob', 'num_class': 2}, side.DMatrix(X, np.arange(len(X))))",
    "side.train({'eval_metric': 'guess'}, rows, evals=[(rows, 'a')])",
    "side.train({}, side.DMatrix(X))",
    "side.train({}, X)",
    "side.train({}, rows, evals=[rows])",
    "side.train({}, rows, evals=[(X, 'a')])",
    "side.train({}, rows, early_stopping_rounds=2)",
    "side.train({}, rows, callbacks=[3])",
    "side.train({}, rows, custom_metric=3)",
    "side.train({}, rows, evals=[(side.QuantileDMatrix(X, y), 'a')])",
    "side.train({'max_bin': 32}, side.QuantileDMatrix(X, y, max_bin=16))",
    "side.DMatrix([1.0, 2.0])",
    "side.DMatrix(None)",
    "side.DMatrix([[np.inf]])",
    "side.DMatrix([['a']])",
    "side.DMatrix(X, y[:3])",
    "side.DMatrix(X, np.full(len(X), np.nan))",
    "side.DMatrix(X, weight=np.full(len(X), -1))",
    "side.DMatrix(X, feature_names=['a'])",
    "side.DMatrix(X, feature_names=['a'] * 6)",
    "side.DMatrix(X, feature_names=list('abcde['))",
    "side.DMatrix(X, feature_types=['z'] * 6)",
    "side.DMatrix(X, qid=np.arange(len(X))[::-1])",
    "side.DMatrix(X, group=[len(X)], qid=np.zeros(len(X)))",
    "side.DMatrix(X, group=[len(X)]).slice([0])",
    "side.DMatrix(X).get_float_info('colour')",
]


@pytest.mark.filterwarnings("ignore")  # the library's own
@pytest.mark.parametrize("call", WRONG)
def test_both_refuse(call):
    """The same kind of error: IndexError, TypeError, AttributeError or else ValueError, as the library's own is one."""
    X, y = table("regression", n=200)
    kinds = []
    for side in (ours, xgboost):
        rows = side.DMatrix(X, y, feature_names=list("abcdef"))
        model = side.train({}, rows, 6, verbose_eval=False)
        with pytest.raises((ValueError, TypeError, IndexError, AttributeError)) as error:
            eval(call, {"model": model, "rows": rows, "side": side, "X": X, "y": y, "np": np})
        kinds.append(
            next(kind for kind in (IndexError, TypeError, AttributeError, ValueError) if error.errisinstance(kind))
        )
    assert kinds[0] is kinds[1]


def test_what_is_not_used_is_said():
    warnings = []
    for side, rows in zip((ours, xgboost), data("regression")):
        with xgboost.config_context(verbosity=1), pytest.warns(UserWarning, match="not used") as caught:
            side.train({"colour": 1, "n_estimators": 3, "max_depth": 2}, rows, 1)
        warnings.append(str(caught[0].message).splitlines()[-2 if side is xgboost else 0].strip())
    assert warnings[0] in warnings[1] or warnings[0] == 'Parameters: { "colour", "n_estimators" } are not used.'


@pytest.mark.parametrize("period", [True, 4, False])
def test_printed_lines(period, capsys):
    printed = []
    for side, rows in zip((ours, xgboost), data("binary")):
        side.train(PARAMETERS["binary"], rows, 7, evals=[(rows, "a"), (rows, "b")], verbose_eval=period)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert (printed[0] == "") == (period is False)


# Cross-validation -----------------------------------------------------------------------------------------------------

CV = [
    {},
    {"nfold": 4, "seed": 5, "metrics": ["mae", "rmse"]},
    {"shuffle": False, "metrics": "mae"},
    {"stratified": True},
    {"folds": [(list(range(400)), list(range(400, 600))), (list(range(200, 600)), list(range(200)))]},
    {"folds": KFold(3, shuffle=True, random_state=1)},
    {"folds": StratifiedKFold(3)},
    {"early_stopping_rounds": 2, "num_boost_round": 60},
    {"as_pandas": False},
    {"fpreproc": lambda train, test, parameters: (train, test, {**parameters, "eta": 0.05})},
    {"obj": logistic_gradients, "custom_metric": lambda margin, rows: ("top", float(np.max(margin)))},
]


@pytest.mark.parametrize("options", CV, ids=lambda options: ", ".join(options) or "default")
def test_cv(options, record_difference):
    pandas = pytest.importorskip("pandas")
    parameters = {"objective": "binary:logistic", "max_depth": 3, "eval_metric": ["error", "logloss"]}
    found = [
        side.cv(parameters, rows, **{"num_boost_round": 6, **options})
        for side, rows in zip((ours, xgboost), data("binary"))
    ]
    mine, theirs = (table if isinstance(table, pandas.DataFrame) else pandas.DataFrame(table) for table in found)
    assert isinstance(found[0], type(found[1]))
    assert list(mine.columns) == list(theirs.columns)
    assert len(mine) == len(theirs)
    record_difference("cv", np.abs(mine - theirs).to_numpy().max(), tolerances.BOOSTER_METRIC)


def test_cv_of_groups(record_difference):
    rng = np.random.default_rng(0)
    X, y = table("regression", n=600)
    relevance = np.clip(np.round(y - y.min()), 0, 3)
    sizes = rng.multinomial(600 - 60, np.full(30, 1 / 30)) + 2
    found = [
        side.cv({"objective": "rank:ndcg", "eval_metric": "ndcg"}, side.DMatrix(X, relevance, group=sizes), 4, seed=2)
        for side in (ours, xgboost)
    ]
    assert list(found[0].columns) == list(found[1].columns)
    record_difference("cv of groups", np.abs(found[0] - found[1]).to_numpy().max(), tolerances.BOOSTER_METRIC)


@pytest.mark.parametrize("show_stdv", [True, False])
def test_printed_lines_of_cv(show_stdv, capsys):
    printed = []
    for side, rows in zip((ours, xgboost), data("binary")):
        side.cv({"objective": "binary:logistic"}, rows, 5, verbose_eval=2, show_stdv=show_stdv)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


# Callbacks ------------------------------------------------------------------------------------------------------------


def stopped(options, n_rounds=60, n_callbacks=1):
    """Models of both sides trained on half of the rows with EarlyStopping."""
    X, y = table("binary", n=600, missing=0.2)
    found = []
    for side, callbacks in ((ours, our_callbacks), (xgboost, xgboost.callback)):
        train, test = side.DMatrix(X[:300], y[:300]), side.DMatrix(X[300:], y[300:])
        model = side.train(
            {"objective": "binary:logistic", "eval_metric": ["auc", "logloss"], "eta": 0.6},
            train,
            n_rounds,
            evals=[(train, "train"), (test, "test")],
            callbacks=[callbacks.EarlyStopping(**options)],
            verbose_eval=False,
        )
        found.append(model)
    return found


@pytest.mark.parametrize(
    "options",
    [
        {"rounds": 3},
        {"rounds": 3, "metric_name": "auc"},
        {"rounds": 2, "data_name": "train", "min_delta": 0.05},
        {"rounds": 3, "save_best": True},
        {"rounds": 2, "maximize": True},
    ],
    ids=str,
)
def test_early_stopping(options):
    mine, theirs = stopped(options)
    assert mine.num_boosted_rounds() == theirs.num_boosted_rounds()
    assert mine.best_iteration == theirs.best_iteration
    assert mine.best_score == pytest.approx(theirs.best_score, abs=tolerances.BOOSTER_METRIC)
    assert mine.attributes().keys() == theirs.attributes().keys()


@pytest.mark.parametrize("rates", [lambda epoch: 0.5**epoch, [0.5, 0.4, 0.3, 0.2, 0.1]], ids=["function", "list"])
def test_learning_rates(rates):
    found = []
    for side, callbacks in ((ours, our_callbacks), (xgboost, xgboost.callback)):
        rows = data("regression")[side is xgboost]
        schedule = callbacks.LearningRateScheduler(rates)
        found.append(side.train({"max_depth": 3}, rows, 5, callbacks=[schedule]))
    assert_same_dumps(*found)


def test_checkpoints(tmp_path):
    names = []
    for side, callbacks in ((ours, our_callbacks), (xgboost, xgboost.callback)):
        folder = tmp_path / side.__name__
        folder.mkdir()
        rows = data("regression")[side is xgboost]
        point = callbacks.TrainingCheckPoint(folder, name="m", interval=2)
        side.train({}, rows, 7, callbacks=[point])
        names.append(sorted(path.name for path in folder.iterdir()))
    assert names[0] == names[1]
    loaded = xgboost.Booster(model_file=str(tmp_path / "mlx.boosting" / names[0][0]))
    assert loaded.num_boosted_rounds() == int(names[0][0].split("_")[1].split(".")[0]) + 1


class Diary(our_callbacks.TrainingCallback, xgboost.callback.TrainingCallback):
    """Remembers what it is told, and ends the training after the fourth round."""

    def __init__(self):
        super().__init__()
        self.told = []

    def before_training(self, model):
        self.told.append("begins")
        return model

    def before_iteration(self, model, epoch, evals_log):
        self.told.append((epoch, {name: list(log) for name, log in evals_log.items()}))
        return False

    def after_iteration(self, model, epoch, evals_log):
        self.told.append((epoch, [len(values) for log in evals_log.values() for values in log.values()]))
        return epoch == 3

    def after_training(self, model):
        self.told.append("ends")
        return model


def test_callbacks_are_told_the_same():
    diaries = []
    for side, rows in zip((ours, xgboost), data("binary")):
        diary = Diary()
        model = side.train({}, rows, 9, evals=[(rows, "a")], callbacks=[diary, diary], verbose_eval=False)
        diaries.append((diary.told, model.num_boosted_rounds()))
    assert diaries[0] == diaries[1]
    assert diaries[0][1] == 4


# Views of the trees ---------------------------------------------------------------------------------------------------


def test_views(tmp_path):
    pytest.importorskip("pandas")
    mine, _, _, theirs, _, _ = both("regression", known={"feature_names": list("uvwxyz")})
    fmap = tmp_path / "map.txt"
    fmap.write_text("".join(f"{number} column{number} {'int' if number == 1 else 'q'}\n" for number in range(6)))
    for options in ({}, {"fmap": fmap}):
        assert mine.get_dump(**options) == theirs.get_dump(**options)
        assert mine.get_fscore(**options) == theirs.get_fscore(**options)
        for kind in ("weight", "gain", "cover", "total_gain", "total_cover"):
            a, b = (model.get_score(importance_type=kind, **options) for model in (mine, theirs))
            assert list(a) == list(b)
            np.testing.assert_allclose(list(a.values()), list(b.values()), rtol=1e-5)
        a, b = (model.trees_to_dataframe(**options) for model in (mine, theirs))
        for column in ("ID", "Feature", "Yes", "No", "Missing"):
            assert a[column].equals(b[column].astype(a[column].dtype))
        np.testing.assert_allclose(a["Split"], b["Split"], rtol=1e-7)
    for bins in (None, 3):
        for as_pandas in (True, False):
            a, b = (model.get_split_value_histogram("v", bins=bins, as_pandas=as_pandas) for model in (mine, theirs))
            np.testing.assert_array_equal(a, b)
    for dump_format in ("text", "json"):
        texts = []
        for number, model in enumerate((mine, theirs)):
            path = tmp_path / f"{number}.{dump_format}"
            model.dump_model(path, dump_format=dump_format)
            texts.append(path.read_text())
        assert texts[0] == texts[1]


def test_configuration_of_the_library_is_read():
    _, rows, _, theirs, their_rows, _ = both(
        "regression", parameters={"eta": 0.11, "max_leaves": 5, "eval_metric": "mae"}
    )
    mine = ours.Booster(model_file=theirs.save_raw())
    mine.load_config(theirs.save_config())
    for model, matrix in ((mine, rows), (theirs, their_rows)):
        model.update(matrix, 6)
    assert_same_dumps(mine, theirs)
    assert mine.eval(rows).split(":")[0] == theirs.eval(their_rows).split(":")[0]


def test_pickles_and_copies_go_on_alike():
    found = []
    for side, rows in zip((ours, xgboost), data("regression")):
        model = side.train({"max_depth": 3, "eta": 0.1}, rows, 3)
        others = [pickle.loads(pickle.dumps(model)), model.copy(), side.Booster(model_file=model)]
        for other in others:
            other.update(rows, 3)
        assert model.num_boosted_rounds() == 3
        assert len({str(other.get_dump()) for other in others}) == 1
        found.append(others[0])
    assert_same_dumps(*found)


# Tables ---------------------------------------------------------------------------------------------------------------


def frames():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(
        {
            "whole": [1, 2, 3],
            "real": [0.5, np.nan, 2.5],
            "flag": [True, False, True],
            "nullable": pandas.array([1, None, 3], dtype="Int64"),
            7: [1.0, 2.0, 3.0],
        }
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.array([[1.0, np.nan], [0.0, 3.0], [0.0, 5.0]]),
        lambda: np.asfortranarray(np.array([[1, 2], [0, 3]], dtype=np.int64)),
        lambda: [[1, 2], [3, 4]],
        lambda: np.array([[True, False], [False, True]]),
        lambda: scipy.sparse.csr_matrix([[0.0, 1.0], [2.0, np.nan]]),
        lambda: scipy.sparse.csc_matrix([[0.0, 1.0], [2.0, 0.0]]),
        lambda: scipy.sparse.coo_matrix([[0.0, 1.0], [2.0, 0.0]]),
        frames,
        lambda: frames()["whole"],
    ],
)
@pytest.mark.parametrize("missing", [np.nan, 0.0, 2.0])
def test_tables(make, missing):
    mine, theirs = (side.DMatrix(make(), missing=missing) for side in (ours, xgboost))
    for method in ("num_row", "num_col", "num_nonmissing"):
        assert getattr(mine, method)() == getattr(theirs, method)()
    a, b = mine.get_data().tocsr(), theirs.get_data().tocsr()
    a.sort_indices(), b.sort_indices()
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(a, part), getattr(b, part))
    assert mine.feature_names == theirs.feature_names
    assert mine.feature_types == theirs.feature_types


def test_what_is_known_of_rows():
    X, known = np.arange(12.0).reshape(4, 3), {"label": [1, 2, 3, 4], "weight": [1, 2, 3, 4], "qid": [0, 0, 1, 1]}
    known |= {"base_margin": np.arange(8.0), "label_lower_bound": [1, 2, 3, 4], "feature_weights": [1, 2, 3]}
    for part in ([], [2, 0]):
        mine, theirs = (side.DMatrix(X, **known) for side in (ours, xgboost))
        if part:
            mine, theirs = (matrix.slice(part, allow_groups=True) for matrix in (mine, theirs))
        for method in ("get_label", "get_weight", "get_base_margin", "get_group"):
            a, b = getattr(mine, method)(), getattr(theirs, method)()
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
        for field in ("label_lower_bound", "label_upper_bound", "feature_weights"):
            np.testing.assert_array_equal(mine.get_float_info(field), theirs.get_float_info(field))
        np.testing.assert_array_equal(mine.get_uint_info("group_ptr"), theirs.get_uint_info("group_ptr"))


def test_inplace_predict(record_difference):
    pandas = pytest.importorskip("pandas")
    X, _ = table("binary", n=300, missing=0.2)
    mine, _, _, theirs, _, _ = both("binary")
    calls = [
        (X, {}),
        (X.tolist(), {"predict_type": "margin"}),
        (pandas.DataFrame(X), {"iteration_range": (1, 3), "strict_shape": True}),
        (scipy.sparse.csr_matrix(np.nan_to_num(X)), {}),
        (X, {"base_margin": np.ones(300), "predict_type": "margin", "missing": 0.0}),
    ]
    for given, options in calls:
        a, b = (model.inplace_predict(given, **options) for model in (mine, theirs))
        assert a.shape == b.shape
        record_difference("inplace_predict", np.abs(a - b).max(), tolerances.BOOSTER_MARGIN)


# Signatures -----------------------------------------------------------------------------------------------------------

# Of the library's callbacks: the first sees workers, of which there are none here.
ABSENT = {"CallbackContainer", "EvalsLog"}


def signatures(side, callbacks):
    """Parameters of every function and method, by name."""
    found = {}
    functions = {"train": side.train, "cv": side.cv}
    classes = [side.DMatrix, side.QuantileDMatrix, side.Booster]
    classes += [getattr(callbacks, name) for name in xgboost.callback.__all__ if name not in ABSENT]
    for cls in classes:
        functions[f"{cls.__name__}.__init__"] = cls.__init__
        members = {name: getattr(cls, name) for name in dir(cls) if not name.startswith("_")}
        functions |= {f"{cls.__name__}.{name}": member for name, member in members.items() if callable(member)}
        found |= {
            f"{cls.__name__}.{name}": "property" for name, member in members.items() if isinstance(member, property)
        }
    for name, function in functions.items():
        parameters = inspect.signature(function).parameters.values()
        found[name] = [(p.name, p.kind.name, p.default) for p in parameters if p.name not in ("self", "args", "kwargs")]
    return {name: parameters for name, parameters in found.items() if name.split(".")[-1] not in ABSENT}


def test_signatures_are_the_librarys():
    mine, theirs = signatures(ours, our_callbacks), signatures(xgboost, xgboost.callback)
    assert theirs.keys() <= mine.keys()
    for name, parameters in theirs.items():
        if isinstance(parameters, str) or not parameters:
            assert mine[name] == parameters
            continue
        for own, (argument, kind, default) in zip(mine[name], parameters, strict=True):
            assert own[:2] == (argument, kind), name
            if isinstance(default, float) and np.isnan(default):
                assert np.isnan(own[2])
            elif argument == "logger":
                assert callable(own[2])
            else:
                assert own[2] == default, f"{name}: {argument}"
    assert DataSplitMode.ROW == xgboost.core.DataSplitMode.ROW


def lower_half(rows):
    """The rows that a model is updated on."""
    return rows.slice(np.arange(300, 600))


MODES = {
    "dart": lambda side, p, rows: side.train({**p, "booster": "dart"}, rows, 4),
    "all trees dropped": lambda side, p, rows: side.train({**p, "booster": "dart", "rate_drop": 1.0}, rows, 4),
    "own, all dropped": lambda side, p, rows: side.train(
        {"max_depth": 3, "booster": "dart", "rate_drop": 1.0}, rows, 4, obj=logistic_gradients
    ),
    "forest": lambda side, p, rows: side.train({**p, "num_parallel_tree": 3}, rows, 3)[1:3],
    "forest goes on": lambda side, p, rows: side.train(
        p, rows, 2, xgb_model=side.train({**p, "num_parallel_tree": 2}, rows, 2).save_raw()
    ),
    "refresh": lambda side, p, rows: side.train(
        {**p, "process_type": "update", "updater": "refresh"}, lower_half(rows), 4, xgb_model=side.train(p, rows, 4)
    ),
    "exact": lambda side, p, rows: side.train({**p, "tree_method": "exact"}, rows, 4),
    "approx": lambda side, p, rows: side.train({**p, "tree_method": "approx"}, rows, 4),
}


@pytest.mark.filterwarnings("ignore")  # the library's, about its updaters
@pytest.mark.parametrize("mode", sorted(MODES))
def test_modes(mode, record_difference):
    parameters = {"objective": "binary:logistic", "max_depth": 3}
    rows = data("binary")
    mine, theirs = (MODES[mode](side, parameters, matrix) for side, matrix in zip((ours, xgboost), rows))
    assert mine.num_boosted_rounds() == theirs.num_boosted_rounds()
    difference = np.abs(mine.predict(rows[0]) - theirs.predict(rows[1])).max()
    record_difference(f"Booster, {mode}", difference, tolerances.BOOSTER_PROBABILITY)


def test_sparse_tables(record_difference):
    X, y = table("binary", n=500, missing=0.6)
    sparse = scipy.sparse.csr_matrix(np.nan_to_num(X))
    found = []
    for side in (ours, xgboost):
        rows = side.DMatrix(sparse, y)
        model = side.train({"objective": "binary:logistic"}, rows, 4)
        model = side.train({"objective": "binary:logistic"}, rows, 2, xgb_model=model)
        found.append(model.predict(rows))
    record_difference("Booster, sparse", np.abs(found[0] - found[1]).max(), tolerances.BOOSTER_PROBABILITY)


@pytest.mark.parametrize("objective", ["rank:ndcg", "rank:pairwise"])
def test_groups(objective, record_difference):
    X, y = table("regression", n=400)
    relevance = np.clip(np.round(y - y.min()), 0, 3)
    found = []
    for side in (ours, xgboost):
        rows, log = side.DMatrix(X, relevance, qid=np.repeat(np.arange(20), 20)), {}
        options = {"evals": [(rows, "a")], "evals_result": log, "verbose_eval": False}
        found.append((side.train({"objective": objective, "max_depth": 3}, rows, 3, **options).predict(rows), log))
    record_difference("Booster, groups", np.abs(found[0][0] - found[1][0]).max(), tolerances.BOOSTER_MARGIN)
    assert_same_logs(found[0][1], found[1][1], record_difference, "groups")


def test_intervals(record_difference):
    X, y = table("regression", n=400)
    lower = np.exp(y / y.std())
    bounds = {"label_lower_bound": lower, "label_upper_bound": np.where(X[:, 5] > 0, np.inf, lower)}
    parameters = {"objective": "survival:aft", "aft_loss_distribution": "logistic", "max_depth": 3}
    mine, theirs = (
        side.train(parameters, rows, 3).predict(rows, output_margin=True)
        for side, rows in ((side, side.DMatrix(X, **bounds)) for side in (ours, xgboost))
    )
    record_difference("Booster, intervals", np.abs(mine - theirs).max(), tolerances.BOOSTER_MARGIN)


def test_categories_of_frames(record_difference):
    """Codes follow the names, whatever order another frame has them in; the file keeps the names."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {"a": pandas.Categorical(rng.choice(list("pqrstuv"), 500)), "b": rng.integers(-9, 9, 500).astype(float)}
    )
    y = 2.0 * frame["a"].isin(list("prs")) + 0.2 * frame["b"] + rng.normal(size=500)
    turned = frame.assign(a=frame["a"].cat.reorder_categories(list("vutsrqp")))
    rows = [side.DMatrix(frame, y, enable_categorical=True) for side in (ours, xgboost)]
    assert rows[0].feature_types == rows[1].feature_types
    mine, theirs = (side.train({"max_depth": 4}, matrix, 4) for side, matrix in zip((ours, xgboost), rows))
    assert mine.get_dump() == theirs.get_dump()
    expected = theirs.predict(rows[1])
    for model in (mine, ours.Booster(model_file=theirs.save_raw())):
        for predicted in (
            model.predict(rows[0]),
            model.predict(ours.DMatrix(turned, enable_categorical=True)),
            model.inplace_predict(turned),
        ):
            record_difference("Booster, categories", np.abs(predicted - expected).max(), tolerances.BOOSTER_MARGIN)
    np.testing.assert_array_equal(xgboost.Booster(model_file=mine.save_raw()).predict(rows[1]), expected)
    unseen = ours.DMatrix(frame.assign(a=pandas.Categorical(["z"] * 500)), enable_categorical=True)
    with pytest.raises(ValueError, match="'z'"):
        mine.predict(unseen)


def test_estimators_show_the_booster_of_the_library():
    X, y = table("multi", n=400, missing=0.2)
    found = []
    for side in (ours, xgboost):
        model = side.XGBClassifier(n_estimators=30, max_depth=3, learning_rate=0.6, early_stopping_rounds=2)
        booster = model.fit(X[:300], y[:300], eval_set=[(X[300:], y[300:])], verbose=False).get_booster()
        found.append((booster.get_dump(), booster.best_iteration, model.get_xgb_params()))
    assert found[0][:2] == found[1][:2]
    assert {name: found[0][2].get(name) for name in found[1][2]} == found[1][2]
