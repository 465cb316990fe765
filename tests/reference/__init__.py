"""Slow twins of the kernels, without Numba: written to be read, they are the specification."""
