"""Benchmarks: the same work for our models and for the libraries, in turns, with the accuracy beside each time.

``tasks/`` say what is asked and which score makes times comparable, ``datasets/`` make the tables, ``contenders/``
answer, one file for each library, and `harness` lets them take turns (`mlx.compare.timing`). Results are JSON files
in ``results/``; the tables in ``README.md`` are generated from them.
"""
