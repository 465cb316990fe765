"""Damaged and hostile model files end in `ModelFormatError`, or in a model that predicts what their text says."""

import copy
import functools
import json
import math
import re
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.boosting.model_format import ModelFormatError, read_model
from mlx.tree.document import LARGEST_BYTES, LARGEST_DEPTH
from mlx.tree.json_text import read_json
from mlx.tree.ubjson import read_ubjson, write_ubjson
from tests.bad_input.model_file_edits import EDITS, RULES
from tests.reference.xgboost_document import margins

MODELS = Path(__file__).parent.parent / "models" / "3.2"
FILES_PER_EDIT = 28
# Far above what a file of a few kilobytes takes (some ms), far below a hang.
SECONDS_PER_FILE = 5.0

_tried = Counter()
_said = defaultdict(list)


@functools.cache
def document_of(name):
    """A small file of xgboost 3.2, or of the version in the name, as plain Python."""
    path = (MODELS.parent if "/" in name else MODELS) / f"{name}.json"
    if path.exists():
        return read_json(path.read_bytes())
    return plain(read_ubjson((MODELS / f"{name}.ubj").read_bytes()))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [plain(element) for element in value] if isinstance(value, list) else value


def typed(value):
    """As xgboost writes UBJSON: arrays of numbers with one type for all."""
    if isinstance(value, dict):
        return {key: typed(member) for key, member in value.items()}
    if isinstance(value, list) and value and set(map(type, value)) == {float}:
        with np.errstate(over="ignore"):
            return np.array(value).astype(np.float32)
    if isinstance(value, list) and value and set(map(type, value)) == {int} and max(map(abs, value)) < 2**63:
        return np.array(value, dtype=np.int32 if max(map(abs, value)) < 2**31 else np.int64)
    return [typed(element) for element in value] if isinstance(value, list) else value


def fits_ubjson(value):
    if isinstance(value, dict | list):
        return all(map(fits_ubjson, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int) or -(2**63) <= value < 2**63


ROWS = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
ROWS[:, 0] = [0, 1, 2, 3, 5, 9, 11, 15, -1, 40, 0.5, np.nan]
ROWS[np.random.default_rng(1).random(ROWS.shape) < 0.15] = np.nan


def read_in_time(data):
    """Model of the bytes; unknown keys are allowed to warn."""
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="keys of the model file")
            return read_model(data)
    finally:
        assert time.perf_counter() - start < SECONDS_PER_FILE


def assert_predicts_as_its_text_says(model, document):
    expected = np.array([margins(document, row) for row in ROWS])
    got = model.ensemble.margin(ROWS)
    assert got.shape == expected.shape
    # The text is added up in float64, the ensemble in float32: a few ulps of the largest term.
    np.testing.assert_allclose(got, expected, rtol=2e-6, atol=2e-6 * max(1.0, float(np.abs(expected).max())))


@pytest.mark.parametrize("name", EDITS)
def test_edited_files_are_refused_or_mean_what_they_say(name):
    models, edit, outcome = EDITS[name]
    for seed in range(FILES_PER_EDIT):
        rng = np.random.default_rng(seed)
        document = copy.deepcopy(document_of(models[seed % len(models)]))
        edit(rng, document)
        binary = seed % 3 == 0 and fits_ubjson(document)
        data = write_ubjson(typed(document)) if binary else json.dumps(document).encode()
        assert (read_ubjson if binary else read_json)(data)
        _tried[name] += 1
        try:
            model = read_in_time(data)
        except ModelFormatError as error:
            assert outcome != "read", error
            assert ": " in str(error)
            _said[name].append(str(error))
        else:
            assert outcome != "refused", f"seed {seed}: {models[seed % len(models)]}"
            assert_predicts_as_its_text_says(model, document)


def test_enough_files_were_edited():
    """Each rule at least 20 times, 1,500 files and more in all."""
    if set(_tried) != set(EDITS):
        pytest.skip("counts what the test before has done, when all of it ran in this process")
    assert min(_tried.values()) >= 20
    assert sum(_tried.values()) >= 1500


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_is_what_refuses_files_that_break_it(rule):
    """At least 20 times each: for this reason, and not for another one that came first."""
    edits, reason = RULES[rule]
    if not set(edits) <= set(_tried):
        pytest.skip("counts what the test of edits has done, when it ran in this process")
    if rule == "unknown keys are read over":
        assert _tried["unknown keys"] >= 20 and not _said["unknown keys"]
        return
    said = [text for name in edits for text in _said[name]]
    assert sum(bool(re.search(reason, text)) for text in said) >= 20, said[:5]


def test_unknown_keys_are_warned_of():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        models, edit, _ = EDITS["unknown keys"]
        document = copy.deepcopy(document_of(models[seed % len(models)]))
        edit(rng, document)
        if document != document_of(models[seed % len(models)]):
            with pytest.warns(UserWarning, match="keys of the model file"):
                read_model(json.dumps(document).encode())


@pytest.mark.parametrize("name", ["logistic.json", "logistic.ubj", "categories.ubj"])
def test_truncated_files_are_refused(name):
    data = (MODELS / name).read_bytes()
    for size in [*range(40), *range(40, len(data), 37), len(data) - 1]:
        with pytest.raises(ModelFormatError):
            read_in_time(data[:size])


@pytest.mark.parametrize("name", ["logistic.json", "logistic.ubj", "categories.ubj"])
def test_a_changed_byte_is_refused_or_read(name):
    """The model may be another one, but it is a model: its margins are finite."""
    original = (MODELS / name).read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(300):
        data = bytearray(original)
        data[rng.integers(len(data))] = rng.integers(256)
        try:
            model = read_in_time(data)
        except ModelFormatError:
            continue
        if model.ensemble.n_features == ROWS.shape[1]:
            assert np.all(np.isfinite(model.ensemble.margin(ROWS)))


HUGE = b"L" + (2**62).to_bytes(8, "big")
HOSTILE = {
    "empty": b"",
    "a space first": b' {"learner": {}}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"learner": {}}'.encode("utf-16"),
    "gzip": b"\x1f\x8b\x08\x00",
    "a pickle": b"\x80\x04\x95\x00",
    "an array": b"[]",
    "no UTF-8": b'{"a\xff": 1}',
    "half a surrogate": b'{"learner": {"attributes": {"a": "\\ud800"}}}',
    "text after the end": b'{"learner": {}} {}',
    "a key twice": b'{"learner": {}, "learner": {}}',
    "objects in objects": b'{"a":' * 100_000,
    "arrays in arrays": b'{"a":' + b"[" * 1_000_000,
    "brackets in a string": b'{"a": "' + b"[" * 100_000 + b'"',
    "quotes without end": b'{"' + b'\\"' * 500_000,
    "backslashes without end": b'{"' + b"\\" * 500_001,
    "an integer without end": b'{"version": ' + b"9" * 1_000_000 + b"}",
    "a float without end": b'{"version": 0.' + b"9" * 1_000_000 + b"}",
    "UBJSON: objects in objects": b"{i\x01a" * 100_000,
    "UBJSON: arrays in arrays": b"{i\x01a" + b"[" * 1_000_000,
    "UBJSON: counted arrays in arrays": b"{i\x01a" + b"[#i\x01" * 100_000,
    "UBJSON: a huge array": b"{i\x01a[$d#" + HUGE,
    "UBJSON: a huge list": b"{i\x01a[#" + HUGE,
    "UBJSON: a huge list of nothing": b"{i\x01a[$Z#" + HUGE,
    "UBJSON: a huge string": b"{i\x01aS" + HUGE,
    "UBJSON: a huge key": b"{" + HUGE,
    "UBJSON: a negative length": b"{i\xffa",
    "UBJSON: a float as length": b"{i\x01aSd\x00\x00\x00\x00",
    "UBJSON: an unknown type": b"{i\x01aX}",
    "UBJSON: a key twice": b"{i\x01aZi\x01aZ}",
    "UBJSON: bytes after the end": b"{i\x01aZ}}",
    "UBJSON: text that is no UTF-8": b"{i\x01aSi\x01\xff}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_refused_in_time(name):
    with pytest.raises(ModelFormatError):
        read_in_time(HOSTILE[name])


def test_large_files_are_refused_before_they_are_read(tmp_path):
    path = tmp_path / "large.json"
    with open(path, "wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(ModelFormatError, match="more than the limit"):
        read_model(path)


@pytest.mark.parametrize("name", ["logistic.json", "logistic.ubj"])
def test_large_bytes_are_refused(name, monkeypatch):
    monkeypatch.setattr("mlx.tree.json_text.LARGEST_BYTES", 1000)
    monkeypatch.setattr("mlx.tree.ubjson.LARGEST_BYTES", 1000)
    with pytest.raises(ModelFormatError, match="more than the limit"):
        read_model((MODELS / name).read_bytes())


def test_depth_just_within_the_limit_is_read():
    depth = LARGEST_DEPTH - 1
    nested = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    assert read_json(nested)
    with pytest.raises(ModelFormatError, match="deeper"):
        read_json(nested.replace(b"[]", b"[[]]"))


def test_many_outputs_are_refused_before_anything_is_counted_for_them():
    """Trees times outputs would be a table of the size that the file likes."""
    document = copy.deepcopy(document_of("softprob"))
    document["learner"]["learner_model_param"] |= {"num_class": "65536", "base_score": "0.5"}
    document["learner"]["objective"] = {"name": "multi:softprob"}
    with pytest.raises(ModelFormatError, match="multiple of 65536"):
        read_model(json.dumps(document).encode())


def test_the_message_says_where_and_what():
    document = copy.deepcopy(document_of("squared_error"))
    document["learner"]["gradient_booster"]["model"]["trees"][2]["split_indices"][1] = 99
    expected = r"learner\.gradient_booster\.model\.trees\[2\]\.split_indices: node 1: no such column"
    with pytest.raises(ModelFormatError, match=expected):
        read_model(json.dumps(document).encode())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"{", b'{"', b"{L", b"{i\x01a", b"{i\x07learner{"]))
def test_any_bytes_are_refused(data, start):
    with pytest.raises(ModelFormatError):
        read_in_time(start + data)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4),
        max_leaves=20,
    )
)
def test_ubjson_gives_back_what_was_written(value):
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return
    assert read_ubjson(write_ubjson({"value": value})) == {"value": value}


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("size", [0, 1, 5])
def test_typed_arrays_keep_their_type(dtype, size):
    array = np.arange(size).astype(dtype)
    read = read_ubjson(write_ubjson({"a": array, "b": "after"}))
    assert read["a"].dtype == dtype and np.array_equal(read["a"], array) and read["b"] == "after"


def test_uncounted_arrays_are_read():
    assert read_ubjson(b"{i\x01a[i\x05S" + b"i\x01x" + b"TZ]i\x01b[]}") == {"a": [5, "x", True, None], "b": []}


def test_reference_gives_xgboosts_margins():
    """The interpreter that judges above is itself right: xgboost's own margins of the stored rows."""
    answers = json.loads((MODELS / "margins.json").read_text())
    for name in ("squared_error", "logistic", "pruned", "dart", "categories", "two_targets", "vector_leaf", "poisson"):
        answer = answers[f"{name}.json"]
        rows = [[math.nan if x is None else x for x in row] for row in answer["rows"]]
        got = [margins(document_of(name), row) for row in rows]
        np.testing.assert_allclose(got, answer["margins"], rtol=2e-6, atol=2e-6)
