"""Write the peers' signatures to JSON: `python -m tests.signatures.freeze`, after a peer's version was changed.

One file per library, with the version that it was read from. A default is kept as its `repr`, which tells 1 from 1.0
and True from 1, and needs no library to be read again.
"""

import importlib
import inspect
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent

# File, distributions that provide the library (the first one installed counts), classes by module.
LIBRARIES = {
    "scikit-learn": (
        ("scikit-learn",),
        {
            "sklearn.linear_model": (
                "ElasticNet",
                "ElasticNetCV",
                "Lasso",
                "LassoCV",
                "LinearRegression",
                "LogisticRegression",
                "LogisticRegressionCV",
                "Perceptron",
                "Ridge",
                "RidgeCV",
            ),
            "sklearn.cluster": ("KMeans",),
            "sklearn.decomposition": ("PCA", "IncrementalPCA"),
            "sklearn.ensemble": (
                "AdaBoostClassifier",
                "AdaBoostRegressor",
                "ExtraTreesClassifier",
                "ExtraTreesRegressor",
                "RandomForestClassifier",
                "RandomForestRegressor",
            ),
            "sklearn.tree": (
                "DecisionTreeClassifier",
                "DecisionTreeRegressor",
                "ExtraTreeClassifier",
                "ExtraTreeRegressor",
            ),
            "sklearn.manifold": ("TSNE",),
            "sklearn.neural_network": ("MLPClassifier", "MLPRegressor"),
        },
    ),
    "xgboost": (
        ("xgboost-cpu", "xgboost"),
        {"xgboost": ("XGBClassifier", "XGBRanker", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")},
    ),
    "shap": (("shap",), {"shap": ("KernelExplainer",)}),
    "lime": (("lime",), {"lime.lime_tabular": ("LimeTabularExplainer",)}),
}

# Plumbing that scikit-learn gives every estimator: the same code on both sides when both inherit it.
INHERITED = {"get_metadata_routing", "get_params", "set_params", "set_output", "set_callbacks"}

# Keywords that a peer takes out of its `**kwargs`, with the defaults that its code gives them.
HIDDEN = {
    ("KernelExplainer", "__init__"): {"keep_index": False, "keep_index_ordered": False},
    ("KernelExplainer", "shap_values"): {
        "nsamples": "auto",
        "l1_reg": "num_features(10)",
        "silent": False,
        "gc_collect": False,
    },
}


def frozen_path(library):
    return HERE / f"{library}.json"


def installed_version(library):
    """Version of the installed distribution of a library, or None."""
    for distribution in LIBRARIES[library][0]:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None


def freeze(library):
    """Signatures of the installed classes of a library, as the JSON files hold them."""
    modules = LIBRARIES[library][1]
    classes = {
        name: signatures_of(getattr(importlib.import_module(module), name))
        for module, names in modules.items()
        for name in names
    }
    return {"library": library, "version": installed_version(library), "classes": classes}


def signatures_of(cls):
    """Parameters of the constructor and of each public method of a class, by method."""
    methods = {"__init__": constructor_parameters(cls)}
    for name in dir(cls):
        public = not name.startswith("_") or name == "__call__"
        if not public or name in INHERITED or (name.startswith("set_") and name.endswith("_request")):
            continue
        method = getattr(cls, name)
        if callable(method):
            methods[name] = parameters_of(method)
    for name in methods:
        hidden = HIDDEN.get((cls.__name__, name), {})
        methods[name] += [{"name": k, "kind": "KEYWORD_ONLY", "default": repr(v)} for k, v in hidden.items()]
    return methods


def constructor_parameters(cls):
    """Parameters of `__init__`; xgboost's classes pass `**kwargs` on to XGBModel, whose parameters come first."""
    bases = [base for base in cls.__mro__ if "__init__" in vars(base)]
    model = next((place for place, base in enumerate(bases) if base.__name__ == "XGBModel"), 0)
    merged = {}
    for base in reversed(bases[: model + 1]):
        merged |= {parameter["name"]: parameter for parameter in parameters_of(base.__init__)}
    return list(merged.values())


def parameters_of(function):
    """Name, kind and default of each parameter, without self."""
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        entry = {"name": parameter.name, "kind": parameter.kind.name}
        if parameter.default is not inspect.Parameter.empty:
            entry["default"] = repr(parameter.default)
        found.append(entry)
    return found


def main():
    for library in LIBRARIES:
        frozen_path(library).write_text(json.dumps(freeze(library), indent=1) + "\n")


if __name__ == "__main__":
    main()
