"""Paired timing: who runs when, what a failure becomes, how ratios are paired. No assertion on seconds."""

import pytest

from mlx.compare import timing
from mlx.compare.timing import Turn, alternate, order_of_round, paired_ratios, spread, take_turn


def _turn(index, name, seconds, error=None):
    return Turn(index, name, seconds, None, error, None)


def test_contenders_take_turns_and_the_order_is_turned_round():
    calls = []
    runs = {name: (lambda work, name=name: calls.append((work, name))) for name in ("a", "b", "c")}
    turns = list(alternate(runs, ["first", "second", "third"]))
    assert calls == [
        *(("first", name) for name in "abc"),
        *(("second", name) for name in "cba"),
        *(("third", name) for name in "abc"),
    ]
    assert [(turn.round_index, turn.name) for turn in turns] == list(zip([0] * 3 + [1] * 3 + [2] * 3, "abccbaabc"))


def test_each_of_two_contenders_is_second_equally_often():
    orders = [order_of_round(["a", "b"], index) for index in range(6)]
    assert sum(order[1] == "a" for order in orders) == 3


def test_work_is_made_round_by_round_before_it_is_timed():
    log = []

    def works():
        for index in range(2):
            log.append(f"make {index}")
            yield index

    runs = {"a": lambda work: log.append(f"a {work}"), "b": lambda work: log.append(f"b {work}")}
    list(alternate(runs, works()))
    assert log == ["make 0", "a 0", "b 0", "make 1", "b 1", "a 1"]


def test_a_failure_is_a_turn_with_its_error_and_the_others_go_on():
    def fails(work):
        raise ValueError(f"no {work}")

    turns = list(alternate({"bad": fails, "good": lambda work: work}, ["work"]))
    assert [(turn.name, turn.answer, turn.error) for turn in turns] == [
        ("bad", None, "ValueError: no work"),
        ("good", "work", None),
    ]


def test_ctrl_c_is_not_swallowed():
    def interrupted(work):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_turn(interrupted, None)


def test_ratios_pair_the_runs_of_one_round():
    turns = [
        _turn(0, "ours", 1.0),
        _turn(0, "theirs", 2.0),
        _turn(1, "theirs", 8.0),
        _turn(1, "ours", 2.0),
        _turn(2, "ours", 9.0),
        _turn(2, "theirs", 1.0, error="ValueError: broke"),
    ]
    assert paired_ratios(turns, "ours", "theirs") == [0.5, 0.25]


def test_another_quantity_is_paired_in_the_same_way_and_zero_has_no_ratio():
    turns = [_turn(0, "ours", 1.0), _turn(0, "theirs", 2.0), _turn(1, "ours", 3.0), _turn(1, "theirs", 5.0)]
    answers = {(0, "ours"): 6.0, (0, "theirs"): 0.0, (1, "ours"): 6.0, (1, "theirs"): 3.0}
    assert paired_ratios(turns, "ours", "theirs", lambda turn: answers[turn.round_index, turn.name]) == [2.0]


def test_spread_is_the_three_quartiles():
    assert spread([4.0, 1.0, 3.0, 2.0, 5.0]) == (3.0, 2.0, 4.0, 5)


def test_spread_of_nothing_is_an_error_that_names_the_argument():
    with pytest.raises(ValueError, match="values is empty"):
        spread([])


def test_share_of_others_leaves_out_our_own_work(monkeypatch):
    # Two cores, one second: all cores worked 1.5 s, 1.0 s of it for this process.
    monkeypatch.setattr(timing, "_busy_seconds", lambda: 101.5)
    monkeypatch.setattr(timing, "_own_seconds", lambda: 11.0)
    monkeypatch.setattr(timing, "available_cores", lambda: 2)
    assert timing._share_of_others(100.0, 10.0, 1.0) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("seconds", "others", "disturbed"),
    [(1.0, None, False), (1.0, 0.08, False), (1.0, 0.3, True), (0.01, 0.9, False)],
)
def test_a_turn_is_disturbed_by_a_large_share_of_a_run_that_is_long_enough_to_tell(
    monkeypatch, seconds, others, disturbed
):
    monkeypatch.setattr(timing, "available_cores", lambda: 2)
    assert Turn(0, "a", seconds, None, None, others).disturbed is disturbed


def test_a_disturbed_turn_is_repeated_after_quiet_and_the_last_one_counts(monkeypatch):
    log = []
    shares = iter([0.9, 0.0, 0.9, 0.9, 0.9])
    monkeypatch.setattr(timing, "wait_for_quiet", lambda: log.append("wait"))
    monkeypatch.setattr(
        timing, "take_turn", lambda run, work, name, round_index: Turn(0, name, 1.0, run(work), None, next(shares))
    )
    runs = {"a": lambda work: log.append("a"), "b": lambda work: log.append("b")}
    turns = list(alternate(runs, ["work"], attempts=3))
    assert log == ["wait", "a", "wait", "a", "wait", "b", "wait", "b", "wait", "b"]
    assert [(turn.name, turn.disturbed) for turn in turns] == [("a", False), ("b", True)]


def test_one_attempt_neither_waits_nor_repeats(monkeypatch):
    monkeypatch.setattr(timing, "wait_for_quiet", lambda: pytest.fail("waited"))
    monkeypatch.setattr(timing, "_share_of_others", lambda *counters: 1.0)
    assert len(list(alternate({"a": lambda work: work}, [1, 2]))) == 2


def test_waiting_for_quiet_ends_with_quiet_or_with_patience(monkeypatch):
    monkeypatch.setattr(timing, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(timing, "_busy_seconds", lambda: 0.0)
    shares = iter([0.5, 0.2, 0.01])
    monkeypatch.setattr(timing, "_share_of_others", lambda *counters: next(shares))
    assert timing.wait_for_quiet(patience=60)
    assert list(shares) == []
    monkeypatch.setattr(timing, "_share_of_others", lambda *counters: 0.5)
    assert not timing.wait_for_quiet(patience=0)


def test_share_of_others_is_unknown_where_the_system_does_not_tell(monkeypatch):
    monkeypatch.setattr(timing, "_busy_seconds", lambda: None)
    assert take_turn(lambda work: work, 1).others is None


def test_pinned_threads_caps_blas_and_gives_it_back():
    from threadpoolctl import threadpool_info

    before = [pool["num_threads"] for pool in threadpool_info()]
    with timing.pinned_threads(1):
        assert {pool["num_threads"] for pool in threadpool_info()} <= {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before
