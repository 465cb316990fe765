"""openTSNE, with the gradient that it takes itself for so many rows."""

from __future__ import annotations

import numpy as np

from ..definitions import Contender
from ..tasks.tsne import EXPLORATION, MapWork

# Its own choice from this many rows on is the FFT; below, the tree.
ROWS_FOR_FFT = 10_000


def draw(work: MapWork, threads: int) -> np.ndarray:
    from openTSNE import TSNE

    method = "fft" if len(work.X) >= ROWS_FOR_FFT else "bh"
    model = TSNE(
        n_jobs=threads,
        n_iter=work.iterations - EXPLORATION,
        negative_gradient_method=method,
        random_state=work.seed,
    )
    return np.asarray(model.fit(work.X))


CONTENDERS = {"tsne": (Contender("openTSNE", "openTSNE", draw),)}
