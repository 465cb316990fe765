"""The peers' signatures, frozen: what `import mlx` must offer does not depend on which libraries are installed."""
