"""Probabilistic PCA reads the principal components as a Gaussian model: a plane of signal plus round noise.

Formula (Tipping & Bishop, "Probabilistic principal component analysis", J. R. Statist. Soc. B 61 (1999), equations
7 and 8; C. Bishop, Pattern Recognition and Machine Learning, section 12.2.1)::

    x ~ N(m, Σ),    Σ = Vᵀ diag(λ - σ²) V + σ² I
    log p(x) = -½ [ (x - m)ᵀ Σ⁻¹ (x - m) + p log 2π + log det Σ ]

======  ======  ==================================================================
symbol  shape   meaning
======  ======  ==================================================================
V       (k, p)  components, orthonormal rows
λ       (k,)    variances along them
σ²      scalar  mean variance along the p - k directions that were left out
======  ======  ==================================================================

Also here: Minka's choice of k, the evidence of the same model ("Automatic choice of dimensionality for PCA",
NIPS 2000, equations 76 and 77 with Laplace's approximation, 30 and 31 for the Hessian's determinant).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

__all__ = ["covariance", "likeliest_dimension", "log_likelihood", "precision"]

Array = NDArray[np.floating]

# Variances below this cannot carry a component: the evidence takes their logarithm.
SMALLEST_VARIANCE = 1e-15


def covariance(components: Array, variances: Array, noise_variance: float) -> Array:
    """Σ = Vᵀ diag(λ - σ²) V + σ² I, shape (p, p)."""
    signal = np.maximum(variances - noise_variance, 0.0)
    sigma = (components.T * signal) @ components
    sigma[np.diag_indices_from(sigma)] += noise_variance
    return sigma


def precision(components: Array, variances: Array, noise_variance: float) -> Array:
    """Σ⁻¹ = Vᵀ diag(1/λ - 1/σ²) V + I/σ², shape (p, p): the rows of V are eigenvectors, so no inversion is needed.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a direction has variance 0.
    """
    k, p = components.shape
    if (k < p and noise_variance == 0.0) or (variances <= 0.0).any():
        raise np.linalg.LinAlgError("the covariance of the model is singular: a direction has variance 0")
    if k == p:
        return (components.T / variances) @ components
    signal = 1.0 / np.maximum(variances, noise_variance) - 1.0 / noise_variance
    inverse = (components.T * signal) @ components
    inverse[np.diag_indices_from(inverse)] += 1.0 / noise_variance
    return inverse


def log_likelihood(centred: Array, components: Array, variances: Array, noise_variance: float) -> Array:
    """Log p(x) of each centred row, shape (n,).

    Parameters
    ----------
    centred : ndarray of shape (n, p)
        Rows x - m.
    components, variances, noise_variance
        V, λ and σ².
    """
    k, p = components.shape
    inverse = precision(components, variances, noise_variance)
    log_determinant = np.sum(np.log(np.maximum(variances, noise_variance)))
    if k < p:
        log_determinant += (p - k) * np.log(noise_variance)
    squared_distance = np.sum(centred * (centred @ inverse), axis=1)
    return -0.5 * (squared_distance + p * np.log(2.0 * np.pi) + log_determinant)


def likeliest_dimension(variances: Array, n_samples: int) -> int:
    """Number of components k in [1, p) with the largest evidence; 0 if there is no variance, or one feature."""
    evidence = [log_evidence(variances, k, n_samples) for k in range(1, len(variances))]
    return int(np.argmax([-np.inf, *evidence]))


def log_evidence(variances: Array, k: int, n_samples: int) -> float:
    """Laplace approximation of log p(data | k components), up to a constant that does not depend on k.

    Parameters
    ----------
    variances : ndarray of shape (p,)
        All eigenvalues λ of the sample covariance, in descending order.
    k : int
        Number of components, 1 ≤ k < p.
    n_samples : int
    """
    p = len(variances)
    if variances[k - 1] < SMALLEST_VARIANCE:
        return -np.inf
    noise = max(SMALLEST_VARIANCE, float(np.mean(variances[k:])))
    # Volume of the orthonormal frames of k vectors in p dimensions (equation 63 of Minka).
    halves = (p - np.arange(1, k + 1) + 1.0) / 2.0
    log_frames = -k * np.log(2.0) + float(np.sum(gammaln(halves) - np.log(np.pi) * halves))
    log_fit = -0.5 * n_samples * (float(np.sum(np.log(variances[:k]))) + (p - k) * np.log(noise))
    free_parameters = p * k - k * (k + 1.0) / 2.0
    log_gauss = 0.5 * (free_parameters + k) * np.log(2.0 * np.pi)
    # log |A|: each pair (i, j), i ≤ k, is one rotation of the frame.
    smoothed = np.concatenate([variances[:k], np.full(p - k, noise)])
    i, j = np.triu_indices(k, 1, p)
    gaps = (variances[i] - variances[j]) * (1.0 / smoothed[j] - 1.0 / smoothed[i])
    # Equal variances leave a rotation open, and Laplace's approximation without a width: the floor keeps it finite.
    log_curvature = float(np.sum(np.log(np.maximum(gaps, SMALLEST_VARIANCE)) + np.log(n_samples)))
    return log_frames + log_fit + log_gauss - 0.5 * log_curvature - 0.5 * k * np.log(n_samples)
