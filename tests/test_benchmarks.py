"""The harness: who runs when, what is recorded, who is listed. Nothing here asserts how long anything takes."""

import dataclasses
import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import child, harness, results, table
from benchmarks.contenders import contenders_of
from benchmarks.datasets import binary, classes, digest, friedman, wide
from benchmarks.definitions import (
    COMPILED,
    COMPILING,
    MEMORY,
    SECONDS,
    Bound,
    Case,
    Contender,
    Equal,
    Limit,
    Score,
    Task,
)
from benchmarks.harness import Options, run_case
from benchmarks.results import FAILED, MISSING, OK, CaseResult, ContenderResult, RatioResult
from benchmarks.tasks import all_tasks
from benchmarks.tasks.kernel_shap import exact_shapley
from mlx.compare.timing import Turn

OURS_AND_FREE = ("mlx", "scikit-learn", "null")  # the contenders that need no library but our own dependencies

DOUBLE = Score("distance from twice the number", larger_is_better=False)


class Number:
    """Work of the toy task: the round's seed."""

    def __init__(self, seed, quick):
        self.seed, self.quick, self.facts = seed, quick, {"quick": quick}


TOY_CASE = Case(
    "a number",
    Number,
    bounds=(
        Bound(SECONDS, "library", at_most=0.5, stretch=0.25),
        Bound(MEMORY, "library", at_most=0.75, stretch=0.6),
    ),
    limits=(Limit(COMPILING, at_most=10.0, stretch=5.0), Limit(COMPILED, at_most=0.5, stretch=0.1)),
    equals=(Equal(DOUBLE.name, "library"),),
)
TOY = Task(
    "toy",
    "Double a number",
    "What is asked.",
    (DOUBLE,),
    (TOY_CASE,),
    judge=lambda work, answer: {DOUBLE.name: abs(answer - 2 * work.seed)},
)


def _contender(name, answer, module="numpy"):
    return Contender(name, module, answer)


def _double(work, threads):
    return 2 * work.seed


def _run(contenders, **options):
    return run_case(TOY, TOY_CASE, contenders, Options(**{"repeats": 3, "threads": 1, **options}))


def _by_name(result):
    return {contender.name: contender for contender in result.contenders}


# Turns


def test_contenders_take_turns_in_swapped_order_after_two_calls_on_quick_work():
    calls = []

    def noted(name):
        def answer(work, threads):
            calls.append((name, work.quick, work.seed))
            return 2 * work.seed

        return _contender(name, answer)

    result = _run([noted("a"), noted("b")], repeats=3)
    assert calls[:4] == [("a", True, 0), ("a", True, 0), ("b", True, 0), ("b", True, 0)]
    assert [(name, seed) for name, _, seed in calls[4:]] == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]
    assert not any(quick for _, quick, _ in calls[4:])
    assert result.order == [["a", "b"], ["b", "a"], ["a", "b"]]


def test_contenders_of_a_round_get_the_very_same_work_and_the_threads_asked_for():
    seen = []

    def answer(work, threads):
        seen.append((work, threads))
        return 2 * work.seed

    _run([_contender("a", answer), _contender("b", answer)], repeats=1, threads=2)
    (first, _), (second, _) = seen[-2:]
    assert first is second
    assert {threads for _, threads in seen} == {2}


def test_every_round_is_recorded_with_its_score():
    result = _by_name(_run([_contender("exact", _double), _contender("off", lambda work, threads: 2 * work.seed + 3)]))
    assert result["exact"].scores == {DOUBLE.name: [0, 0, 0]}
    assert result["off"].scores == {DOUBLE.name: [3, 3, 3]}
    assert len(result["exact"].seconds) == len(result["exact"].others) == 3
    assert result["exact"].version == np.__version__


def test_what_a_contender_prepares_is_not_timed_and_takes_the_place_of_its_work():
    def prepare(work, threads):
        time.sleep(0.05)
        return "prepared", work.seed, threads

    seen = []

    def answer(prepared, threads):
        seen.append(prepared)
        return 2 * prepared[1]

    listed = _by_name(_run([_contender("a", answer)._replace(prepare=prepare), _contender("b", _double)]))
    assert seen[2:] == [("prepared", seed, 1) for seed in range(3)]
    assert max(listed["a"].seconds) < 0.05
    assert listed["a"].scores == listed["b"].scores


@pytest.mark.parametrize("when", ["in the quick call", "in round 1"])
def test_a_failing_preparation_is_listed_and_stops_nobody(when):
    def prepare(work, threads):
        fails = work.quick if when == "in the quick call" else work.seed == 1
        return 1 / 0 if fails else work

    listed = _by_name(_run([_contender("a", _double)._replace(prepare=prepare), _contender("b", _double)]))
    assert listed["a"].status == FAILED
    assert "ZeroDivisionError" in listed["a"].reason
    assert len(listed["a"].seconds) == (0 if when == "in the quick call" else 2)
    assert len(listed["b"].seconds) == 3


# Who cannot answer is listed


def _fails_in_round_one(work, threads):
    if work.seed == 1:
        raise ArithmeticError("one is too much")
    return 2 * work.seed


@pytest.mark.parametrize(
    ("contender", "status", "reason"),
    [
        (_contender("x", _double, module="no_such_library.part"), MISSING, "no_such_library is not installed"),
        (_contender("x", _double, module="numpy.no_such_part"), FAILED, "No module named 'numpy.no_such_part'"),
        (_contender("x", lambda work, threads: 1 / 0), FAILED, "ZeroDivisionError: division by zero"),
        (_contender("x", _fails_in_round_one), FAILED, "round 1: ArithmeticError: one is too much"),
        (_contender("x", lambda work, threads: float("nan")), FAILED, f"{DOUBLE.name} is nan"),
        (_contender("x", lambda work, threads: None), FAILED, "round 0: not judged: TypeError"),
    ],
)
def test_missing_and_failing_contenders_are_listed_with_the_reason_and_stop_nobody(contender, status, reason):
    result = _run([contender, _contender("good", _double)])
    listed = _by_name(result)
    assert listed["x"].status == status
    assert reason in listed["x"].reason
    assert listed["good"].status == OK
    assert len(listed["good"].seconds) == 3
    line = next(line for line in table.contender_table(TOY, result).splitlines() if line.startswith("| x"))
    assert f"x ({status}: " in line
    assert reason in line


def test_a_missing_score_is_a_failure():
    task = TOY._replace(judge=lambda work, answer: {})
    result = run_case(task, TOY_CASE, [_contender("x", _double)], Options(repeats=1, threads=1))
    assert result.contenders[0].status == FAILED
    assert "not judged: KeyError" in result.contenders[0].reason


def test_the_rounds_that_succeeded_are_kept():
    listed = _by_name(_run([_contender("x", _fails_in_round_one)]))
    assert len(listed["x"].seconds) == len(listed["x"].scores[DOUBLE.name]) == 2


# Ratios and bounds


def test_ratios_are_ours_by_a_librarys_and_leave_the_null_contender_out():
    off = _contender("mlx", lambda work, threads: 2 * work.seed + 3, module="mlx")
    library = _contender("library", lambda work, threads: 2 * work.seed - 6)
    null = _contender("null", lambda work, threads: 0.0, module="benchmarks")
    found = {(ratio.quantity, ratio.ours, ratio.against): ratio for ratio in _run([off, library, null]).ratios}
    assert set(found) == {(SECONDS, "mlx", "library"), (DOUBLE.name, "mlx", "library")}
    assert found[DOUBLE.name, "mlx", "library"] == RatioResult(DOUBLE.name, "mlx", "library", 0.5, 0.5, 0.5, 3)
    assert found[SECONDS, "mlx", "library"].rounds == 3


@pytest.mark.parametrize(
    ("median", "words"), [(0.2, "stretch met"), (0.25, "stretch met"), (0.5, "met"), (0.51, "missed")]
)
def test_the_verdict_follows_the_median(median, words):
    ratio = RatioResult(SECONDS, "mlx", "library", median, 0.0, 9.0, 5)
    assert table.verdict(TOY_CASE.bounds[0], ratio) == words


def test_disturbed_rounds_are_listed_and_left_out_of_the_ratios_of_time():
    def turn(index, name, seconds, others):
        return Turn(index, name, seconds, {DOUBLE.name: 1.0}, None, others)

    ours, library = _contender("mlx", _double, module="mlx"), _contender("library", _double)
    quiet = [turn(0, "mlx", 1.0, 0.0), turn(0, "library", 4.0, 0.0)]
    disturbed = [turn(1, "mlx", 1.0, 0.0), turn(1, "library", 40.0, 0.7)]
    blanks = [ContenderResult("mlx", "mlx"), ContenderResult("library", "numpy")]

    first, *_ = harness.all_ratios(TOY, [ours, library], blanks, quiet + disturbed)
    assert first == RatioResult(SECONDS, "mlx", "library", 0.25, 0.25, 0.25, 1, disturbed=False)
    first, *_ = harness.all_ratios(TOY, [ours, library], blanks, disturbed)
    assert first == RatioResult(SECONDS, "mlx", "library", 0.025, 0.025, 0.025, 1, disturbed=True)
    assert table.verdict(TOY_CASE.bounds[0], first) == "no verdict: disturbed"

    listed = harness.with_turns(blanks[1], [quiet[1], disturbed[1]])
    assert (listed.seconds, listed.disturbed) == ([4.0, 40.0], [False, True])
    assert table.seconds_cell(listed) == "4"
    assert table.load_cell(listed) == "35 %, disturbed in 1 of 2"


def test_a_bound_without_its_ratio_is_not_measured():
    result = _run([_contender("library", _double)])
    lines = table.bound_table(TOY, TOY_CASE, result).splitlines()[2:]
    assert len(lines) == 5
    assert all(line.endswith("| not measured |") for line in lines)
    assert lines[0].endswith("| – | 0.50 | 0.25 | not measured |")


@pytest.mark.parametrize(
    ("cold", "later", "words"),
    [(4.0, 0.1, ["stretch met", "stretch met"]), (9.9, 0.5, ["met", "met"]), (10.1, 0.51, ["missed", "missed"])],
)
def test_limits_are_about_our_own_seconds(cold, later, words):
    ours = ContenderResult("mlx", "mlx", compile_seconds_cold=cold, compile_seconds_later=later)
    result = dataclasses.replace(_result(), contenders=[ours])
    lines = table.bound_table(TOY, TOY_CASE, result).splitlines()[4:6]
    assert [line.split(" | ")[-1].rstrip(" |") for line in lines] == words
    assert f"| {cold:.2f} | 10.00 | 5.00 |" in lines[0]


@pytest.mark.parametrize(
    ("larger_is_better", "ours", "words"),
    [
        (True, [0.80, 0.82, 0.84], "met"),  # the same
        (True, [0.86, 0.88, 0.90], "met"),  # better is never too far away
        (True, [0.785, 0.805, 0.825], "met"),  # 0.015 behind, and the standard error is 0.0163
        (True, [0.78, 0.80, 0.82], "missed"),
        (False, [0.78, 0.80, 0.82], "met"),
        (False, [0.82, 0.84, 0.86], "missed"),
    ],
)
def test_a_score_may_be_behind_by_one_standard_error(larger_is_better, ours, words):
    task = TOY._replace(scores=(DOUBLE._replace(larger_is_better=larger_is_better),))
    scores = {"mlx": ours, "library": [0.80, 0.82, 0.84]}
    both = [ContenderResult(name, "numpy", scores={DOUBLE.name: values}) for name, values in scores.items()]
    line = table.equal_line(task, TOY_CASE.equals[0], dataclasses.replace(_result(), contenders=both))
    assert line[-1] == words
    assert line[3] == "0.02"


def test_scores_are_made_for_five_seeds_however_many_rounds_there_are():
    made = []

    def tripled(work, threads):
        made.append(work.seed)
        return 3 * work.seed

    result = _run([_contender("mlx", _double, "mlx"), _contender("library", tripled)], repeats=2)
    (equal,) = result.equals
    assert (equal.our_scores, equal.their_scores) == ([0, 0, 0, 0, 0], [0, 1, 2, 3, 4])
    # Two calls on quick work, two rounds, and then the seeds without a round.
    assert made[-3:] == [2, 3, 4]
    assert made.count(1) == 1
    assert (equal.behind, equal.met, equal.commit) == (-2.0, True, harness.commit())
    assert equal.error == pytest.approx(np.std([0, 1, 2, 3, 4], ddof=1) / 5**0.5)
    assert "-2, 5 seeds" in table.bound_table(TOY, TOY_CASE, result)


def test_scores_of_a_contender_that_is_missing_are_not_compared():
    result = _run([_contender("mlx", _double, "mlx"), _contender("library", _double, "no_such_module")], repeats=2)
    assert result.equals == []


def test_scores_alone_leave_the_times_as_they_are(tmp_path, monkeypatch, capsys):
    contenders = [_contender("mlx", _double, "mlx"), _contender("library", lambda work, threads: 3 * work.seed)]
    monkeypatch.setattr(command, "all_tasks", lambda: {"toy": TOY})
    monkeypatch.setattr(command, "contenders_of", lambda name: contenders)
    assert command.main(["--scores", "--output", str(tmp_path)]) == 0
    assert results.read("toy", tmp_path) == []
    first = dataclasses.replace(_run(contenders), equals=[])
    results.write("toy", [first], tmp_path)
    assert command.main(["--scores", "--output", str(tmp_path)]) == 0
    (found,) = results.read("toy", tmp_path)
    assert len(found.equals[0].our_scores) == 5
    assert dataclasses.replace(found, equals=[]) == first


# Resuming


def test_resuming_leaves_out_what_this_commit_has_measured_undisturbed(tmp_path, monkeypatch, capsys):
    runs = []

    def answer(work, threads):
        runs.append(work.seed)
        return 2 * work.seed

    monkeypatch.setattr(command, "all_tasks", lambda: {"toy": TOY})
    monkeypatch.setattr(command, "contenders_of", lambda name: [_contender("a", answer)])
    monkeypatch.setattr(harness, "commit", lambda: "abc")
    monkeypatch.setattr(command, "commit", lambda: "abc")
    asked = ["--repeats", "1", "--attempts", "1", "--output", str(tmp_path)]
    assert command.main(asked) == 0
    n_runs = len(runs)
    assert command.main([*asked, "--resume"]) == 0
    assert len(runs) == n_runs
    assert "done before" in capsys.readouterr().err
    for changed in (["--repeats", "2"], ["--threads", "1"], ["--memory"]):
        assert not command.is_done(TOY_CASE, results.read("toy", tmp_path), _options([*asked, *changed]))
    (case,) = results.read("toy", tmp_path)
    disturbed = RatioResult(SECONDS, "mlx", "library", 0.5, 0.4, 0.6, 1, disturbed=True)
    assert command.is_done(TOY_CASE, [case], _options(asked))
    assert not command.is_done(TOY_CASE, [dataclasses.replace(case, ratios=[disturbed])], _options(asked))
    monkeypatch.setattr(command, "commit", lambda: "def")
    assert not command.is_done(TOY_CASE, [case], _options(asked))


def _options(arguments):
    asked = command.parse(arguments, ["toy"])
    return Options(asked.repeats, asked.threads, asked.quick, asked.attempts, asked.memory, asked.compiling)


# Result files


def _result(name="a case", seconds=(1.0, 2.0)):
    contenders = [
        ContenderResult("mlx", "mlx", "0.1", seconds=list(seconds), others=[None, 0.5], scores={"s": [0.1, 0.2]}),
        ContenderResult("absent", "absent", status=MISSING, reason="absent is not installed"),
    ]
    ratio = RatioResult(SECONDS, "mlx", "library", 0.5, 0.4, 0.6, 2)
    return CaseResult(name, False, 2, 1, {"machine": {"cores": 2}}, {"rows": 3}, [["mlx"]], contenders, [ratio])


def test_a_result_file_reads_back_as_it_was_written(tmp_path):
    written = [_result(), _result("another")]
    results.write("toy", written, tmp_path)
    assert results.read("toy", tmp_path) == written


def test_a_new_result_takes_the_place_of_the_old_one_and_leaves_the_others(tmp_path):
    results.write("toy", [_result("one"), _result("two")], tmp_path)
    results.write("toy", [_result("one", seconds=(7.0, 8.0))], tmp_path)
    assert [(case.name, case.contenders[0].seconds) for case in results.read("toy", tmp_path)] == [
        ("one", [7.0, 8.0]),
        ("two", [1.0, 2.0]),
    ]


def test_a_number_that_is_not_finite_never_reaches_a_file(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        results.write("toy", [_result(seconds=(float("nan"),))], tmp_path)


def test_circumstances_name_machine_versions_load_and_commit():
    measured = _run([_contender("a", _double)], repeats=1).measured
    assert {"finished", "commit", "machine", "versions", "load average before", "load average after"} <= set(measured)
    assert measured["versions"]["numpy"] == np.__version__
    assert len(measured["load average before"]) == 3


# The command, on our models


# scikit-learn's default iterations do not suffice for some work, which is part of what is measured.
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("task_name", sorted(all_tasks()))
def test_quick_run_of_every_task_with_our_models(task_name, tmp_path, monkeypatch, capsys):
    free = [contender for contender in contenders_of(task_name) if contender.name in OURS_AND_FREE]
    monkeypatch.setattr(command, "contenders_of", lambda name: free)
    status = command.main(["--task", task_name, "--quick", "--repeats", "2", "--output", str(tmp_path)])
    task, cases = all_tasks()[task_name], results.read(task_name, tmp_path)
    assert [case.name for case in cases] == [case.name for case in task.cases]
    for case in cases:
        listed = _by_name(case)
        assert {name: contender.reason for name, contender in listed.items()} == dict.fromkeys(listed)
        assert case.quick
        assert case.order == [[one.name for one in free], [one.name for one in reversed(free)]]
        for contender in listed.values():
            assert set(contender.scores) == {score.name for score in task.scores}
            assert len(contender.seconds) == 2
        first, larger_is_better = task.scores[0]
        mine, nothing = np.array(listed["mlx"].scores[first]), np.array(listed["null"].scores[first])
        assert np.all(mine > nothing if larger_is_better else mine < nothing)
    assert status == 0
    assert "| mlx |" in capsys.readouterr().out


def test_quick_results_never_take_the_place_of_real_ones(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "all_tasks", lambda: {"toy": TOY})
    monkeypatch.setattr(command, "contenders_of", lambda name: [_contender("a", _double)])
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    assert command.main(["--quick", "--repeats", "1"]) == 0
    assert list(tmp_path.iterdir()) == []
    assert command.main(["--repeats", "1", "--attempts", "1"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["toy.json"]
    assert json.loads((tmp_path / "toy.json").read_text())["cases"][0]["quick"] is False


def test_exit_status_tells_of_a_failure(monkeypatch, capsys):
    monkeypatch.setattr(command, "all_tasks", lambda: {"toy": TOY})
    monkeypatch.setattr(command, "contenders_of", lambda name: [_contender("bad", lambda work, threads: 1 / 0)])
    assert command.main(["--quick", "--repeats", "1"]) == 1
    assert "bad (failed: ZeroDivisionError: division by zero)" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--repeats", "0"], ["--threads", "-1"], ["--task", "no_such_task"]])
def test_a_wrong_command_line_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(arguments)
    assert stopped.value.code == 2
    assert arguments[1] in capsys.readouterr().err


# Memory and compiling, in processes of their own


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process reset its peak")
def test_memory_is_the_peak_above_what_was_there_before():
    kept = np.ones(2**24)  # 128 MiB of data that must not count

    def needs_64_mib(work, threads):
        return float(np.ones(2**23).sum())

    figure = child.measure_memory(TOY_CASE, _contender("x", needs_64_mib), 1, False)["memory_mib"]
    assert kept.size == 2**24
    assert 60 < figure < 80


def test_memory_is_measured_in_a_process_of_its_own():
    task = all_tasks()["booster_fit"]
    null = next(contender for contender in contenders_of(task.name) if contender.name == "null")
    figure = child.memory_mib(task, task.cases[0], null, 1, True)
    assert figure is None or 0 <= figure < 20


def test_compiling_is_measured_with_an_empty_cache_and_then_with_the_one_it_left(monkeypatch):
    folders = []

    def ask(measure, task, case, contender, threads, quick, environment):
        folder = environment["MLX_CACHE_DIR"]
        folders.append((folder, [path.name for path in Path(folder).iterdir()]))
        (Path(folder) / "compiled").touch()
        return {"compile_seconds": float(len(folders))}

    monkeypatch.setattr(child, "_ask", ask)
    assert child.compile_seconds(TOY, TOY_CASE, _contender("x", _double), 1) == (1.0, 2.0)
    (first, before_first), (second, before_second) = folders
    assert first == second
    assert (before_first, before_second) == ([], ["compiled"])


def test_a_child_that_fails_is_a_failure_with_its_last_line():
    task = all_tasks()["booster_fit"]
    with pytest.raises(child.ChildFailed, match="memory in a process of its own: exit status 1: StopIteration"):
        child.memory_mib(task, task.cases[0], _contender("no such contender", _double), 1, True)


def test_memory_ratios_come_from_the_children(monkeypatch):
    figures = {"mlx": 30.0, "library": 60.0}
    monkeypatch.setattr(child, "memory_mib", lambda task, case, contender, threads, quick: figures[contender.name])
    ours, library = _contender("mlx", _double, module="mlx"), _contender("library", _double)
    ratios = {ratio.quantity: ratio for ratio in _run([ours, library], memory=True).ratios}
    assert ratios[MEMORY] == RatioResult(MEMORY, "mlx", "library", 0.5, 0.5, 0.5, 1)


def test_a_failing_child_makes_the_contender_a_failure(monkeypatch):
    def fails(*arguments):
        raise child.ChildFailed("killed")

    monkeypatch.setattr(child, "memory_mib", fails)
    assert _run([_contender("x", _double)], memory=True).contenders[0].reason == "killed"


# What stands in the folder


def test_the_readmes_tables_are_those_of_the_result_files():
    readme = table.README.read_text()
    assert readme == table.with_tables(readme, table.render(all_tasks().values()))


def test_a_readme_without_markers_is_refused():
    with pytest.raises(ValueError, match="no markers"):
        table.with_tables("# Benchmarks", "")


def test_result_files_belong_to_tasks_and_hold_real_runs_of_known_cases():
    tasks = all_tasks()
    for path in results.FOLDER.glob("*.json"):
        known = {case.name for case in tasks[path.stem].cases}
        for case in results.read(path.stem):
            assert case.name in known
            assert not case.quick


@pytest.mark.parametrize("task", all_tasks().values(), ids=lambda task: task.name)
def test_every_task_has_us_and_the_null_contender_and_bounds_that_speak_of_its_contenders(task):
    names = [contender.name for contender in contenders_of(task.name)]
    assert len(set(names)) == len(names)
    assert names[0] == "mlx"
    assert names[-1] == "null"
    quantities = {SECONDS, MEMORY, *(score.name for score in task.scores)}
    for case in task.cases:
        for bound in case.bounds:
            assert {bound.ours, bound.against} <= set(names)
            assert bound.quantity in quantities
            assert 0 < bound.stretch <= bound.at_most
        for limit in case.limits:
            assert limit.quantity in {COMPILING, COMPILED}
            assert 0 < limit.stretch <= limit.at_most
        for equal in case.equals:
            assert {equal.ours, equal.against} <= set(names)
            assert equal.score in quantities


# Data and truth


@pytest.mark.parametrize("table_of", [binary, classes, friedman, wide], ids=lambda module: module.__name__)
def test_data_is_the_same_for_the_same_seed_and_another_for_another(table_of):
    assert digest(*table_of.make(100, 0)) == digest(*table_of.make(100, 0)) != digest(*table_of.make(100, 1))
    assert table_of.make(100, 0)[0].dtype == np.float32


def test_every_class_of_the_table_of_classes_is_there_and_each_category_has_one_level():
    X, y = classes.make(2_000, 0)
    assert np.bincount(y).min() > 100
    assert np.all(X[:, 10:14].sum(axis=1) == 1)
    assert np.all(X[:, 14:].sum(axis=1) == 1)
    assert X.shape[1] == 54


def test_digest_sees_shape_and_type():
    numbers = np.arange(6.0)
    assert len({digest(numbers), digest(numbers.reshape(2, 3)), digest(numbers.astype(np.float32))}) == 3


def test_truth_of_a_linear_model_is_coefficient_times_distance_from_the_mean():
    rng = np.random.default_rng(0)
    background, row, coefficients = rng.normal(size=(7, 5)), rng.normal(size=5), rng.normal(size=5)
    truth = exact_shapley(lambda X: X @ coefficients, background, row)
    np.testing.assert_allclose(truth, coefficients * (row - background.mean(axis=0)), atol=1e-13)


def test_truth_of_a_product_of_three_is_shared_equally():
    # v(S) is 1 for the coalition of all three, 0 for every other: each gets a third.
    truth = exact_shapley(lambda X: X[:, 0] * X[:, 1] * X[:, 2], np.zeros((1, 4)), np.ones(4))
    np.testing.assert_allclose(truth, [1 / 3, 1 / 3, 1 / 3, 0], atol=1e-15)


def test_the_commit_is_unknown_outside_git(monkeypatch, tmp_path):
    monkeypatch.setattr(harness, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert harness.commit() is None
