"""Ensembles: the answers of many trees, put together."""

__all__: list[str] = []
