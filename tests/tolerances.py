"""Every tolerance of the parity tests, each with the reason for its size.

A tolerance is the largest absolute difference that is still equality, given in the unit that its comment names.
Ties, binning and float32 are arranged away in the tests; nothing here absorbs them.
"""
