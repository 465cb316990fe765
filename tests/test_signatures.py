"""Change the import line, nothing else: every parameter of the peer is there, with its default, and does something.

The peers' signatures are frozen as JSON, so that this holds without the peers. A parameter is either refused by name
when it is set, or there is a stated case in which changing it changes the result (`signatures/effects.py`).
"""

import inspect
import json
import re
import sys

import pytest

from tests.inventory import estimator_classes, explainer_classes, fitting_classes
from tests.signatures.argument_effects import ARGUMENTS, SETTINGS, consequences, consequences_of_settings
from tests.signatures.argument_effects import Inert as InertArgument
from tests.signatures.argument_effects import Refused as RefusedArgument
from tests.signatures.departures import (
    DEFAULTS,
    METHODS_ABSENT,
    METHODS_ADDED,
    OUR_OWN,
    PARAMETERS_ABSENT,
)
from tests.signatures.effects import DEFAULT_DATA, EFFECTS, Inert, NeedsPackage, Refused, observe
from tests.signatures.freeze import LIBRARIES, freeze, frozen_path, installed_version, parameters_of

OURS = {**estimator_classes(), **explainer_classes()}
PEERS = {}
for library in LIBRARIES:
    PEERS |= json.loads(frozen_path(library).read_text())["classes"]

METHODS = [(name, method) for name, methods in PEERS.items() for method in methods]
CONSTRUCTOR_PARAMETERS = [
    (name, parameter) for name, cls in estimator_classes().items() for parameter in inspect.signature(cls).parameters
]


def test_every_class_has_a_peer_and_every_peer_a_class():
    assert set(OURS) - OUR_OWN.keys() == set(PEERS)
    assert OUR_OWN.keys() <= set(OURS)


@pytest.mark.filterwarnings("ignore")  # what the peers' own imports warn of
@pytest.mark.parametrize("library", LIBRARIES)
def test_frozen_signatures_are_those_of_the_installed_peer(library):
    """Stale JSON is found wherever the peer is installed in the version that was frozen."""
    frozen = json.loads(frozen_path(library).read_text())
    installed = installed_version(library)
    if installed != frozen["version"]:
        pytest.skip(f"{library} {frozen['version']} is frozen, {installed} is installed")
    assert freeze(library) == frozen


# The peers' signatures in ours ----------------------------------------------------------------------------------------


def missing_from(ours, peers, name, method):
    """How the parameters of one of our methods fall short of the peer's: a list of sentences."""
    found = {parameter["name"]: parameter for parameter in ours}
    faults = []
    expected = [p for p in peers if (name, method, p["name"]) not in PARAMETERS_ABSENT]
    for parameter in expected:
        mine = found.get(parameter["name"])
        if mine is None:
            faults.append(f"{parameter['name']} is missing")
            continue
        default, _ = DEFAULTS.get((name, method, parameter["name"]), (parameter.get("default"), ""))
        if mine.get("default") != default:
            faults.append(f"{parameter['name']}={mine.get('default')}, the peer has {default}")
        if parameter["kind"] == "POSITIONAL_OR_KEYWORD" and mine["kind"] != parameter["kind"]:
            faults.append(f"{parameter['name']} cannot be given by position")
    names = [parameter["name"] for parameter in expected]
    order = [parameter["name"] for parameter in ours if parameter["name"] in names]
    if order != [name for name in names if name in found]:
        faults.append(f"order {order}, the peer has {names}")
    peer_names = {parameter["name"] for parameter in peers}
    faults += [
        f"{parameter['name']} is our own and must be keyword-only"
        for parameter in ours
        if parameter["name"] not in peer_names and parameter["kind"] != "KEYWORD_ONLY"
    ]
    return faults


@pytest.mark.parametrize(("name", "method"), METHODS, ids=[f"{name}.{method}" for name, method in METHODS])
def test_parameters_and_defaults_are_the_peers(name, method):
    cls = OURS[name]
    if (name, method) in METHODS_ABSENT:
        assert not hasattr(cls, method), "the departure is stale: take it out of the table"
        return
    assert hasattr(cls, method), f"the peer has {name}.{method}"
    assert missing_from(parameters_of(getattr(cls, method)), PEERS[name][method], name, method) == []


@pytest.mark.parametrize(("key", "departure"), DEFAULTS.items(), ids=lambda value: ".".join(value)[:60])
def test_stated_departures_are_departures(key, departure):
    name, method, parameter = key
    default, reason = departure
    (peers,) = [p for p in PEERS[name][method] if p["name"] == parameter]
    assert peers["default"] != default
    assert len(reason) > 20


@pytest.mark.parametrize("key", PARAMETERS_ABSENT, ids=".".join)
def test_absent_parameters_are_the_peers(key):
    name, method, parameter = key
    assert parameter in [p["name"] for p in PEERS[name][method]]


def _parameters(*entries):
    return [{"name": name, "kind": kind, **({"default": d} if d else {})} for name, kind, d in entries]


@pytest.mark.parametrize(
    ("ours", "fault"),
    [
        ([("a", "POSITIONAL_OR_KEYWORD", "1")], "b is missing"),
        ([("a", "POSITIONAL_OR_KEYWORD", "1"), ("b", "KEYWORD_ONLY", "2.5")], "b=2.5"),
        ([("a", "POSITIONAL_OR_KEYWORD", "True"), ("b", "KEYWORD_ONLY", "2")], "a=True"),
        ([("a", "KEYWORD_ONLY", "1"), ("b", "KEYWORD_ONLY", "2")], "by position"),
        ([("b", "KEYWORD_ONLY", "2"), ("a", "POSITIONAL_OR_KEYWORD", "1")], "order"),
        (
            [("a", "POSITIONAL_OR_KEYWORD", "1"), ("b", "KEYWORD_ONLY", "2"), ("c", "POSITIONAL_OR_KEYWORD", "3")],
            "c is our own",
        ),
    ],
)
def test_comparison_finds_planted_fault(ours, fault):
    peers = _parameters(("a", "POSITIONAL_OR_KEYWORD", "1"), ("b", "KEYWORD_ONLY", "2"))
    faults = missing_from(_parameters(*ours), peers, "Any", "fit")
    assert len(faults) == 1
    assert fault in faults[0]


# Every parameter does something ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(estimator_classes()))
def test_table_of_effects_is_complete(name):
    assert list(EFFECTS[name]) == list(inspect.signature(estimator_classes()[name]).parameters)


@pytest.mark.parametrize(
    ("name", "parameter"), CONSTRUCTOR_PARAMETERS, ids=[f"{name}.{p}" for name, p in CONSTRUCTOR_PARAMETERS]
)
def test_parameter_changes_the_result_or_is_refused(name, parameter, monkeypatch):
    cls, entry = fitting_classes()[name], EFFECTS[name][parameter]
    if isinstance(entry, Refused):
        estimator = cls(**entry.given, **{parameter: entry.other})
        with pytest.raises(NotImplementedError, match=rf"\b{parameter}\b"):
            observe(estimator, DEFAULT_DATA[name])
        return
    if isinstance(entry, NeedsPackage):
        monkeypatch.setitem(sys.modules, entry.package, None)  # as if it were not installed
        with pytest.raises(ImportError, match=rf"\b{parameter}\b.*\b{entry.package}\b"):
            observe(cls(**{parameter: entry.other}), DEFAULT_DATA[name])
        return
    if isinstance(entry, Inert):
        default, other = (
            observe(cls(**{**entry.given, **changed}), DEFAULT_DATA[name]) for changed in ({}, {parameter: entry.other})
        )
        assert {key for key in default if default[key] != other[key]} == {"parameters"}
        assert re.search(rf"\n    {parameter} : .*\n(        .*\n)*?.*[Hh]as no effect", cls.__doc__)
        assert entry.reason
        return
    data = entry.data or DEFAULT_DATA[name]
    fits = 2 if parameter == "warm_start" else 1
    default = observe(cls(**entry.given), data, fits=fits)
    other = observe(cls(**{**entry.given, parameter: entry.other}), data, fits=fits)
    assert default[entry.changes] != other[entry.changes]


@pytest.mark.parametrize("name", sorted(estimator_classes()))
def test_same_parameters_give_the_same_observation(name):
    """Without this the test above could not fail: two runs that differ by themselves would pass it."""
    cls, data = fitting_classes()[name], DEFAULT_DATA[name]
    given = {"n_estimators": 4} if "XGB" in name else {}
    if re.search("MLP|AdaBoost|Forest|KMeans|Tree", name):
        given = {"random_state": 0}
    assert observe(cls(**given), data) == observe(cls(**given), data)


# Every argument of a method does something ----------------------------------------------------------------------------


def public_methods_of(name):
    """Names of the methods that the peer has and we too, and of an explainer's own."""
    peers = PEERS.get(name, {})
    methods = {method for method in peers if method != "__init__" and (name, method) not in METHODS_ABSENT}
    methods |= METHODS_ADDED.get(name, set())
    own = vars(explainer_classes().get(name, object))
    return methods | {key for key, value in own.items() if callable(value) and not key.startswith("_")}


METHOD_ARGUMENTS = [
    (name, method, argument)
    for name, methods in ARGUMENTS.items()
    for method, arguments in methods.items()
    for argument in arguments
]
CALLS = sorted({key[:2] for key in METHOD_ARGUMENTS})


@pytest.mark.parametrize("name", sorted(OURS))
def test_table_of_arguments_is_complete(name):
    assert ARGUMENTS[name].keys() == public_methods_of(name)
    for method, arguments in ARGUMENTS[name].items():
        ours = [parameter["name"] for parameter in parameters_of(getattr(OURS[name], method))]
        assert sorted(arguments) == sorted(ours), method


@pytest.mark.parametrize(("name", "method", "argument"), METHOD_ARGUMENTS, ids=map(".".join, METHOD_ARGUMENTS))
def test_argument_changes_the_result_or_is_refused(name, method, argument):
    entry = ARGUMENTS[name][method][argument]
    if isinstance(entry, RefusedArgument):
        with pytest.raises(NotImplementedError, match=rf"\b{argument}\b"):
            consequences(name, method, **{argument: entry.change})
        return
    ordinary = consequences(name, method, entry.given)
    changed = consequences(name, method, entry.given, **{argument: entry.change})
    if isinstance(entry, InertArgument):
        assert ordinary == changed
        assert len(entry.reason) > 20
    else:
        assert ordinary != changed


@pytest.mark.parametrize(("name", "method"), CALLS, ids=map(".".join, CALLS))
def test_same_arguments_have_the_same_consequences(name, method):
    assert consequences(name, method) == consequences(name, method)


# Every setting of an explainer does something -------------------------------------------------------------------------

EXPLAINER_SETTINGS = [(name, parameter) for name, settings in SETTINGS.items() for parameter in settings]


@pytest.mark.parametrize("name", sorted(explainer_classes()))
def test_table_of_settings_is_complete(name):
    assert list(SETTINGS[name]) == list(inspect.signature(explainer_classes()[name]).parameters)


@pytest.mark.parametrize(("name", "parameter"), EXPLAINER_SETTINGS, ids=map(".".join, EXPLAINER_SETTINGS))
def test_setting_changes_the_explanation_or_is_refused(name, parameter):
    entry = SETTINGS[name][parameter]
    if isinstance(entry, RefusedArgument):
        with pytest.raises(NotImplementedError, match=rf"\b{parameter}\b"):
            consequences_of_settings(name, {}, **{parameter: entry.change})
        return
    ordinary, again = (consequences_of_settings(name, entry.given) for _ in range(2))
    assert ordinary == again, "two runs that differ by themselves would pass"
    assert consequences_of_settings(name, entry.given, **{parameter: entry.change}) != ordinary
