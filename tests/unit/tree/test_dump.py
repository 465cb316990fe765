"""Dumps of trees that no file of the library holds, and the importances of a tree that can be counted by hand."""

import json
import re

import numpy as np
import pytest

from mlx.tree import Tree, TreeEnsemble
from mlx.tree.dump import dot_dump, json_dump, text_dump
from mlx.tree.importance import column_importance, importance_by_name
from tests.unit.tree.test_tree import a_tree


def ensemble(*trees, **settings):
    return TreeEnsemble(trees or (a_tree(),), n_features=3, **settings)


def test_text():
    assert text_dump(ensemble(), with_stats=True) == [
        "0:[f2<0.5] yes=1,no=2,missing=1,gain=8,cover=10\n"
        "\t1:leaf=0.300000012,cover=4\n"
        "\t2:[f0<7] yes=3,no=4,missing=4,gain=5,cover=6\n"
        "\t\t3:leaf=-1,cover=3\n"
        "\t\t4:leaf=2,cover=3\n"
    ]


def test_other_rules_are_shown():
    """At most instead of below; all digits of float64; listed categories on the left; names."""
    tree = a_tree(
        threshold=np.array([0.1, 0, 7, 0, 0]), category_start=[0, 0, 0, 2, 2, 2], categories=[4, 1], value=np.zeros(5)
    )
    rules = {"comparison": "<=", "unlisted_category": "right", "feature_names": ["colour", "b", "age"]}
    lines = text_dump(ensemble(tree, **rules))[0].splitlines()
    assert lines[0] == "0:[age<=0.10000000000000001] yes=1,no=2,missing=1"
    assert lines[2] == "\t2:[colour:{1,4}] yes=3,no=4,missing=4"


def test_json_is_json():
    tree = json.loads(json_dump(ensemble(feature_names=['a "b"', "c", "d\\e"]), with_stats=True)[0])
    assert (tree["split"], tree["split_condition"], tree["gain"]) == ("d\\e", 0.5, 8)
    assert tree["children"][1]["split"] == 'a "b"'
    assert [leaf["leaf"] for leaf in tree["children"][1]["children"]] == [-1, 2]


def test_vectors_in_leaves_have_statistics():
    tree = a_tree(value=np.arange(10, dtype=np.float32).reshape(5, 2))
    assert "\t1:leaf=[2, 3],cover=4\n" in text_dump(ensemble(tree, n_outputs=2), with_stats=True)[0]


@pytest.mark.parametrize("dump", [text_dump, json_dump, dot_dump])
def test_deep_trees_are_written(dump):
    """No recursion: a chain of 2,000 questions."""
    n = 2000
    inner = np.arange(2 * n + 1) % 2 == 0
    inner[-1] = False
    left = np.where(inner, np.arange(2 * n + 1) + 1, -1)
    zeros = np.zeros(2 * n + 1)
    tree = Tree(left, np.where(inner, left + 1, -1), np.where(inner, 0, -1), zeros, zeros > 0, zeros, zeros, zeros)
    assert dump(ensemble(tree))[0].count("leaf") == n + 1


def test_dot_names_every_node_and_edge():
    text = dot_dump(ensemble(feature_names=['a "b"', "c", "d"]), rankdir="LR")[0]
    assert "rankdir=LR" in text
    assert re.findall(r"^    (\d+) \[", text, flags=re.MULTILINE) == ["0", "1", "2", "3", "4"]
    assert re.findall(r'(\d+) -> (\d+) \[label="([^"]*)"', text) == [
        ("0", "1", "yes, missing"),
        ("0", "2", "no"),
        ("2", "3", "yes"),
        ("2", "4", "no, missing"),
    ]
    assert r'label="a \"b\"<7"' in text


def test_dot_refuses_other_directions():
    with pytest.raises(ValueError, match="rankdir='up'"):
        dot_dump(ensemble(), rankdir="up")


def test_importance_counted_by_hand():
    twice = ensemble(a_tree(), a_tree())
    assert column_importance(twice, "weight").tolist() == [2.0, 0.0, 2.0]
    assert column_importance(twice, "total_gain").tolist() == [10.0, 0.0, 16.0]
    assert column_importance(twice, "gain").tolist() == [5.0, 0.0, 8.0]
    assert column_importance(twice, "total_cover").tolist() == [12.0, 0.0, 20.0]
    assert column_importance(twice, "cover").tolist() == [6.0, 0.0, 10.0]
    assert importance_by_name(twice, "gain") == {"f0": 5.0, "f2": 8.0}


def test_importance_refuses_other_kinds():
    with pytest.raises(ValueError, match="importance_type='size'"):
        column_importance(ensemble(), "size")
