"""Models of this package beside the libraries that people use today: differences, times, explanations.

The only package that knows xgboost, shap and lime by name, and it imports them inside functions: without them the
comparison still runs and says what is missing.
"""
