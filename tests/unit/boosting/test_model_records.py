"""Growth records in a model file: what was known of each node comes back to the last bit, and damage is refused."""

import base64
import json
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest

from mlx.boosting.model_extras import RECORDS
from mlx.boosting.model_format import ModelFormatError, model_bytes, read_model
from mlx.tree import Tree
from mlx.tree.json_text import read_json, write_json
from mlx.tree.record import GrowthRecord, PrunedBranch

STORED = Path(__file__).parent.parent.parent / "models" / "3.2"
PARTS = ("sums", "missing_sums", "runner_up_feature", "runner_up_threshold", "runner_up_missing_left", "runner_up_gain")
CATEGORY_PARTS = ("runner_up_category_start", "runner_up_categories")


def record_of(tree, rng, pruned=(), with_categories=False):
    """A record that fits a tree: its covers are the sums of Hessians."""
    n, k = tree.n_nodes, tree.value.size // tree.n_nodes
    sums = rng.normal(size=(n, k, 2))
    sums[..., 1] = tree.cover[:, np.newaxis] / k
    categories = {}
    if with_categories:
        sizes = rng.integers(0, 4, n)
        codes = [np.sort(rng.choice(20, size, replace=False)) for size in sizes]
        categories = dict(zip(CATEGORY_PARTS, (np.concatenate([[0], np.cumsum(sizes)]), np.concatenate(codes))))
    return GrowthRecord(
        sums=sums if k > 1 else sums[:, 0],
        missing_sums=np.zeros_like(sums if k > 1 else sums[:, 0]),
        runner_up_feature=rng.integers(-1, 5, n),
        runner_up_threshold=rng.normal(size=n).astype(np.float32),
        runner_up_missing_left=rng.random(n) < 0.5,
        runner_up_gain=rng.random(n).astype(np.float32),
        pruned=pruned,
        **categories,
    )


def branch_below(leaf, rng, recorded=True):
    tree = Tree(
        left=[1, -1, -1],
        right=[2, -1, -1],
        feature=[3, -1, -1],
        threshold=np.float32([0.5, 0, 0]),
        missing_left=[True, False, False],
        value=rng.normal(size=3).astype(np.float32),
        cover=np.float32([7, 3, 4]),
        gain=np.float32([0.25, 0, 0]),
    )
    return PrunedBranch(leaf, recorded_tree(tree, rng) if recorded else tree)


def recorded_tree(tree, rng, **more):
    return Tree.grown(**{**tree.__dict__, "record": record_of(tree, rng, **more)})


def with_trees(model, trees):
    return model._replace(ensemble=model.ensemble.__class__(**{**model.ensemble.__dict__, "trees": tuple(trees)}))


def model_with_records(name="squared_error.json", **more):
    rng = np.random.default_rng(1)
    model = read_model(STORED / name)
    return with_trees(model, [recorded_tree(tree, rng, **more) for tree in model.ensemble.trees])


def assert_same_record(got, expected):
    for part in PARTS:
        np.testing.assert_array_equal(getattr(got, part), getattr(expected, part))
        assert getattr(got, part).dtype == getattr(expected, part).dtype
    for node in range(expected.n_nodes):
        assert got.candidate_categories(node) == expected.candidate_categories(node)
    assert [branch.leaf for branch in got.pruned] == [branch.leaf for branch in expected.pruned]
    for ours, theirs in zip(got.pruned, expected.pruned):
        for part in ("left", "right", "feature", "threshold", "missing_left", "value", "cover", "gain"):
            np.testing.assert_array_equal(getattr(ours.tree, part), getattr(theirs.tree, part))
        assert (ours.tree.record is None) == (theirs.tree.record is None)
        if theirs.tree.record is not None:
            assert_same_record(ours.tree.record, theirs.tree.record)


@pytest.mark.parametrize("form", ["json", "ubj"])
@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("squared_error.json", {}),
        ("softprob.ubj", {}),
        ("dart.json", {}),
        ("forest.json", {}),
        ("vector_leaf.json", {}),
        ("categories.json", {"with_categories": True}),
    ],
)
def test_records_come_back_to_the_last_bit(name, more, form):
    model = model_with_records(name, **more)
    read = read_model(model_bytes(model, form))
    assert RECORDS not in read.attributes
    for got, expected in zip(read.ensemble.trees, model.ensemble.trees, strict=True):
        assert_same_record(got.record, expected.record)
    assert model_bytes(read, form) == model_bytes(model, form)
    without = read_model(model_bytes(model, form, records=False))
    assert all(tree.record is None for tree in without.ensemble.trees)


def test_pruned_branches_come_back():
    rng = np.random.default_rng(2)
    model = read_model(STORED / "squared_error.json")
    trees = list(model.ensemble.trees)
    leaves = np.flatnonzero(trees[1].is_leaf)
    below = (branch_below(int(leaves[0]), rng), branch_below(int(leaves[2]), rng, recorded=False))
    trees[1] = recorded_tree(trees[1], rng, pruned=below)
    trees[2] = recorded_tree(trees[2], rng, pruned=(branch_below(int(np.flatnonzero(trees[2].is_leaf)[1]), rng),))
    read = read_model(model_bytes(with_trees(model, trees), "ubj"))
    assert read.ensemble.trees[0].record is None
    for number in (1, 2):
        assert_same_record(read.ensemble.trees[number].record, trees[number].record)


def edited(model, edit):
    """Bytes of a model whose records are changed by `edit`, which takes and gives their document."""
    document = read_json(model_bytes(model, "json"))
    attributes = document["learner"]["attributes"]
    changed = edit(json.loads(attributes[RECORDS]))
    attributes[RECORDS] = changed if isinstance(changed, str) else json.dumps(changed)
    return write_json(document)


def with_data(change):
    """Edit of the bytes of the numbers."""

    def edit(records):
        data = bytearray(zlib.decompress(base64.b64decode(records["data"])))
        return {**records, "data": base64.b64encode(zlib.compress(bytes(change(data)))).decode()}

    return edit


def put(place, value):
    """Change of one byte; the last bytes are of runner-up gains, those before them of directions."""

    def change(data):
        data[place] = value
        return data

    return change


N_NODES = sum(tree.n_nodes for tree in read_model(STORED / "squared_error.json").ensemble.trees)
DAMAGE = {
    "no JSON": lambda r: "not JSON",
    "an array": lambda r: "[]",
    "deep": lambda r: '{"a":' * 1000,
    "no nodes": lambda r: {k: v for k, v in r.items() if k != "nodes"},
    "nodes are text": lambda r: {**r, "nodes": "7"},
    "nodes are floats": lambda r: {**r, "nodes": [7.0]},
    "no data": lambda r: {k: v for k, v in r.items() if k != "data"},
    "data is no base64": lambda r: {**r, "data": "!" + r["data"][1:]},
    "data is not ASCII": lambda r: {**r, "data": "é" + r["data"]},
    "data is not compressed": lambda r: {**r, "data": base64.b64encode(b"x" * 40).decode()},
    "data ends early": lambda r: {**r, "data": base64.b64encode(base64.b64decode(r["data"])[:-9]).decode()},
    "data goes on": lambda r: {**r, "data": base64.b64encode(base64.b64decode(r["data"]) + b"x").decode()},
    "too few numbers": with_data(lambda data: data[:-4]),
    "too many numbers": with_data(lambda data: data + bytes(4)),
    "two outputs": lambda r: {**r, "outputs": 2},
    "many outputs": lambda r: {**r, "outputs": 2**40},
    "a sum is not finite": with_data(lambda data: put(7 * 2 * N_NODES, 0xFF)(put(6 * 2 * N_NODES, 0xF0)(data))),
    "a gain is not finite": with_data(lambda data: put(-1, 0x7F)(put(-1 - N_NODES, 0x80)(data))),
    "a direction is no flag": with_data(put(-1 - 4 * N_NODES, 2)),
    "a column is not there": with_data(put(32 * N_NODES, 99)),
    "no categories": lambda r: {k: v for k, v in r.items() if k != "categories"},
    "an empty listing": lambda r: {**r, "categories": [[]]},
    "categories of no node": lambda r: {**r, "categories": [[N_NODES, 1]]},
    "categories twice": lambda r: {**r, "categories": [[3, 1], [3, 2]]},
    "categories fall": lambda r: {**r, "categories": [[3, 5, 4]]},
    "a negative category": lambda r: {**r, "categories": [[3, -5]]},
    "a huge category": lambda r: {**r, "categories": [[3, 2**24]]},
    "a branch is text": lambda r: {**r, "pruned": ["x"]},
    "a branch of no tree": lambda r: {**r, "pruned": [{"tree": 9, "leaf": 0, "nodes": 0, "branch": {}}]},
    "a branch without a tree": lambda r: {**r, "pruned": [{"tree": 0, "leaf": 3, "nodes": 0, "branch": {}}]},
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_records_are_refused(name):
    with pytest.raises(ModelFormatError, match=rf"learner\.attributes\.{RECORDS}"):
        read_model(edited(model_with_records(), DAMAGE[name]))


def branch_edits():
    def put_in(key, value):
        return lambda item: {**item, key: value}

    def in_tree(key, value):
        return lambda item: {**item, "branch": {**item["branch"], key: value}}

    return {
        "below a question": put_in("leaf", 0),
        "below no node": put_in("leaf", 99),
        "of a negative tree": put_in("tree", -1),
        "of a tree without a record": put_in("tree", 0),
        "with another number of nodes": put_in("nodes", 2),
        "with a number": in_tree("id", 1),
        "with a cycle": in_tree("left_children", [0, -1, -1]),
        "with an unknown column": in_tree("split_indices", [77, 0, 0]),
    }


@pytest.mark.parametrize("name", branch_edits())
def test_damaged_branches_are_refused(name):
    rng = np.random.default_rng(2)
    model = read_model(STORED / "squared_error.json")
    trees = list(model.ensemble.trees)
    below = (branch_below(int(np.flatnonzero(trees[1].is_leaf)[0]), rng),)
    trees[1] = recorded_tree(trees[1], rng, pruned=below)
    model = with_trees(model, trees)
    read_model(edited(model, lambda records: records))
    with pytest.raises(ModelFormatError, match=rf"learner\.attributes\.{RECORDS}\.pruned"):
        read_model(edited(model, lambda records: {**records, "pruned": [branch_edits()[name](records["pruned"][0])]}))


def test_two_branches_below_one_leaf_are_refused():
    rng = np.random.default_rng(2)
    model = read_model(STORED / "squared_error.json")
    trees = list(model.ensemble.trees)
    leaves = np.flatnonzero(trees[0].is_leaf)
    trees[0] = recorded_tree(trees[0], rng, pruned=tuple(branch_below(int(leaf), rng) for leaf in leaves[:2]))

    def edit(records):
        records["pruned"][1]["leaf"] = records["pruned"][0]["leaf"]
        return records

    with pytest.raises(ModelFormatError, match="leaves must rise"):
        read_model(edited(with_trees(model, trees), edit))


@pytest.mark.parametrize(
    "edit",
    [
        lambda records: {**records, "nodes": [*records["nodes"], 3]},
        lambda records: {**records, "nodes": [records["nodes"][0] + 2, *records["nodes"][1:]]},
        lambda records: {**records, "nodes": [-1, *records["nodes"][1:]]},
        lambda records: {**records, "nodes": [2**62] * 3},
        with_data(put(7 * 2 * N_NODES + 1, 0x41)),
    ],
    ids=["more trees", "other trees", "a negative number", "huge trees", "another cover"],
)
def test_records_of_other_trees_are_left_out_with_a_warning(edit):
    data = edited(model_with_records(), edit)
    with pytest.warns(UserWarning, match="about other trees"):
        model = read_model(data)
    assert all(tree.record is None for tree in model.ensemble.trees)


def test_trees_that_were_added_later_have_no_record():
    model = read_model(edited(model_with_records(), lambda records: records))
    trees = [*model.ensemble.trees[:2], Tree.grown(**{**model.ensemble.trees[2].__dict__, "record": None})]
    read = read_model(model_bytes(with_trees(model, trees), "json"))
    assert [tree.record is None for tree in read.ensemble.trees] == [False, False, True]


def test_a_bomb_is_not_decompressed():
    """A gigabyte of zeros in a megabyte of text."""
    bomb = zlib.compressobj(9)
    data = b"".join([*(bomb.compress(bytes(1 << 20)) for _ in range(64)), bomb.flush()])
    file = edited(model_with_records(), lambda records: {**records, "data": base64.b64encode(data).decode()})
    tracemalloc.start()
    with pytest.raises(ModelFormatError, match="must hold"):
        read_model(file)
    assert tracemalloc.get_traced_memory()[1] < 20 * len(file)
    tracemalloc.stop()
