"""The ground floor: the compiler policy, random streams, linear algebra and scalar functions.

Everything above may import from here; nothing here imports anything of mlx.
"""
