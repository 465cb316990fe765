"""Classical machine learning and explainability, written to be read beside the formula.

Change the import line of scikit-learn, xgboost, shap or lime to ``mlx`` and keep the rest::

    from mlx.linear_model import LinearRegression
    from mlx.boosting import XGBClassifier
    from mlx.explain import KernelExplainer

Importing this package loads nothing but the standard library; each subpackage loads what it needs.
"""

from .environment import warn_if_apple_mlx

__version__ = "0.1.0.dev0"
__all__ = ["__version__"]

warn_if_apple_mlx()
