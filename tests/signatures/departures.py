"""Where a signature differs from the peer's on purpose, each with its reason."""

# (class, method, parameter): (our default as repr, reason)
DEFAULTS = {
    ("TSNE", "__init__", "method"): (
        "'auto'",
        "all pairs, or a mesh: nearer to the gradient than scikit-learn's tree, which 'barnes_hut' takes",
    ),
    ("KernelExplainer", "__call__", "l1_reg"): (
        "False",
        "shap's num_features(10) returns other numbers than Shapley values; the same argument restores it",
    ),
    ("KernelExplainer", "shap_values", "l1_reg"): (
        "False",
        "shap's num_features(10) returns other numbers than Shapley values; the same argument restores it",
    ),
}

UNKNOWN_IS_AN_ERROR = "the engine's other names are taken; a parameter not known is a TypeError here, there a warning"

# (class, method, parameter): reason why the parameter is not there
PARAMETERS_ABSENT = {
    ("XGBClassifier", "__init__", "kwargs"): UNKNOWN_IS_AN_ERROR,
    ("XGBRegressor", "__init__", "kwargs"): UNKNOWN_IS_AN_ERROR,
    ("XGBRFClassifier", "__init__", "kwargs"): UNKNOWN_IS_AN_ERROR,
    ("XGBRFRegressor", "__init__", "kwargs"): UNKNOWN_IS_AN_ERROR,
    ("XGBRanker", "__init__", "kwargs"): UNKNOWN_IS_AN_ERROR,
    ("IncrementalPCA", "fit_transform", "fit_params"): "its fit takes nothing else, and says so in scikit-learn too",
    (
        "KernelExplainer",
        "__init__",
        "kwargs",
    ): "the keywords that shap takes out of it are parameters of their own",
    ("KernelExplainer", "shap_values", "kwargs"): "the keywords that shap takes out of it are parameters of their own",
}

# (class, method): reason why the method is not there
METHODS_ABSENT = {
    ("KernelExplainer", name): "a step of shap's own algorithm, not of its interface"
    for name in (
        "addsample",
        "allocate",
        "explain",
        "explain_row",
        "not_equal",
        "run",
        "solve",
        "supports_model_with_masker",
        "varying_groups",
    )
} | {
    ("KernelExplainer", "load"): "an explainer holds a function; the model's own file is what should be stored",
    ("KernelExplainer", "save"): "an explainer holds a function; the model's own file is what should be stored",
    ("LimeTabularExplainer", "convert_and_round"): "a step of lime's own algorithm, not of its interface",
    (
        "LimeTabularExplainer",
        "validate_training_data_stats",
    ): "a step of lime's own algorithm, not of its interface",
}

# Classes that no peer has, with what they are for
OUR_OWN = {"ForestImputer": "Breiman's two ways to fill missing values, which scikit-learn's forests have not"}

# Public methods that the peer has not
METHODS_ADDED = {
    name: {"proximity", "outlier_scores"}
    for name in ("ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor")
} | {
    "ForestImputer": {"fit", "fit_transform", "transform", "get_feature_names_out"},
    "LinearRegression": {"summary"},
    "TSNE": {"transform"},
}
