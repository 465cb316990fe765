"""Multilayer perceptron for a numeric target, with scikit-learn's interface.

Thin: it chooses the output on top of the network. Training stands in `mlx.neural_network.base` and the files that it
names.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from ..validation import validate_data
from .base import MultilayerPerceptron, Targets, one_dimensional_if_one_column, trains_in_batches
from .layers import Array

__all__ = ["MLPRegressor"]


class MLPRegressor(RegressorMixin, MultilayerPerceptron):
    """Regressor that is a multilayer perceptron: dense layers with a nonlinear function between them.

    Minimises the mean loss of the predictions on top plus a penalty on the weights
    (`mlx.neural_network.network` has the formula).

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, default='squared_error'
        Half the squared error, or half the Poisson deviance of exp(network) for a target of counts or rates, which
        must not be negative.
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer, from the first; empty for a linear model.
    activation : {'identity', 'logistic', 'tanh', 'relu'}, default='relu'
        Function between the layers.
    solver : {'lbfgs', 'sgd', 'adam'}, default='adam'
        'sgd' and 'adam' take one gradient step per batch; 'lbfgs' is a quasi-Newton method on all rows, often the
        better one for a few hundred rows.
    alpha : float, default=0.0001
        Strength of the L2 penalty on the weights; in the loss it is divided by the number of rows of the batch.
    batch_size : int or 'auto', default='auto'
        Rows per gradient step; 'auto' is min(200, n_samples). Not used by 'lbfgs'.
    learning_rate : {'constant', 'invscaling', 'adaptive'}, default='constant'
        How 'sgd' lowers its learning rate: never; to ``learning_rate_init / (t_ + 1) ** power_t`` after each epoch;
        or to a fifth whenever training has stalled for `n_iter_no_change` epochs.
    learning_rate_init : float, default=0.001
        First learning rate of 'sgd' and 'adam'.
    power_t : float, default=0.5
        Exponent of the schedule 'invscaling'.
    max_iter : int, default=200
        Most epochs, or most iterations of 'lbfgs'.
    shuffle : bool, default=True
        Whether each epoch takes the rows in a new order.
    random_state : int, RandomState instance or None, default=None
        Source of the first weights, of the rows held out, and of the shuffles.
    tol : float, default=1e-4
        Least betterment of the best loss, or validation score, that counts as progress; for 'lbfgs' the largest
        entry of the gradient at the solution.
    verbose : bool or int, default=False
        Whether to print a line per epoch or iteration.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the fit before.
    momentum : float, default=0.9
        Share of the last step that 'sgd' takes again, in [0, 1].
    nesterovs_momentum : bool, default=True
        Whether 'sgd' looks ahead along its momentum.
    early_stopping : bool, default=False
        Whether to hold rows out, to end when their R² does not rise, and to keep the best weights. Not for
        'lbfgs'.
    validation_fraction : float, default=0.1
        Share of the rows that is held out.
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decay of Adam's running means of the gradient and of its square, in [0, 1).
    epsilon : float, default=1e-8
        Term in Adam's denominator.
    n_iter_no_change : int or inf, default=10
        Epochs without progress that are tolerated.
    max_fun : int, default=15000
        Most evaluations of the loss by 'lbfgs'.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (units_l, units_l+1)
        Weights of each layer.
    intercepts_ : list of ndarray of shape (units_l+1,)
        Biases of each layer.
    loss_ : float
        Mean training loss of the last epoch, penalty included; for 'lbfgs' the loss at the solution.
    best_loss_ : float or None
        Smallest loss of an epoch; None with `early_stopping`. Not for 'lbfgs'.
    loss_curve_ : list of float
        Loss of each epoch, each batch taken at the weights that it met. Not for 'lbfgs'.
    validation_scores_ : list of float or None
        R² on the held-out rows after each epoch, with `early_stopping`. Not for 'lbfgs'.
    best_validation_score_ : float or None
        The largest of them.
    t_ : int
        Training rows gone through, repetitions counted.
    n_iter_ : int
        Epochs, or iterations of 'lbfgs', of the last call of `fit`.
    n_layers_ : int
        Layers, input and output counted.
    n_outputs_ : int
        Columns of the output.
    out_activation_ : {'identity', 'exp'}
        Function on top.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if X had columns with names that are all text.

    See Also
    --------
    MLPClassifier : The same for classes.
    sklearn.neural_network.MLPRegressor : The peer.

    Notes
    -----
    With the same `random_state`, weights, loss curve and predictions equal scikit-learn's up to rounding: the same
    draws, the same order of rows, the same order of operations. It departs from scikit-learn in this:

    * Ctrl-C keeps the epochs that are finished, says how many, and leaves the model usable for every solver;
      before the first epoch is finished it raises KeyboardInterrupt.
    * scikit-learn's callbacks (``set_callbacks``) are told of every epoch, and may end the training.
    * A warm start with `early_stopping` keeps the best weights of all calls. In scikit-learn the second call changes
      the weights that the first one kept, and returns the last ones if none was better.
    * With float32 input, Adam computes its steps in float32 throughout, and 'lbfgs' everything in float64.
    * `partial_fit` is absent for 'lbfgs', as in the classifier.
    * A batch in which all of `sample_weight` is zero makes no step and does not count in the loss; scikit-learn fails.

    Training cost is about 6 n_samples p operations per epoch for p weights. Features should have similar scales.

    References
    ----------
    X. Glorot & Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
    D. P. Kingma & J. Ba, "Adam: A method for stochastic optimization", ICLR 2015.
    D. E. Rumelhart, G. E. Hinton & R. J. Williams, "Learning representations by back-propagating errors", Nature 323,
    1986.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.neural_network import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=1000, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.5
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **MultilayerPerceptron._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. float32 stays float32, all else becomes float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numeric targets.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows, not negative.

        Returns
        -------
        MLPRegressor
            This object.

        Raises
        ------
        ValueError
            If an argument is not as described, or the weights grow beyond all bounds.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @available_if(trains_in_batches)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train for one epoch on these rows, going on from what the network has learnt.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows, not negative.

        Returns
        -------
        MLPRegressor
            This object.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> NDArray[np.floating]:
        """Predicted target of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of the target.
        """
        outputs = self._outputs(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def _validate_data(self, X: Any, y: Any, *, goes_on: bool, incremental: bool) -> tuple[Any, Targets]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=not goes_on,
        )
        y = one_dimensional_if_one_column(y)
        if self.loss == "poisson" and np.min(y) < 0:
            raise ValueError("y has negative entries, which loss='poisson' has no probability for")
        return X, Targets(y, y.reshape(len(y), -1))

    def _output_activation(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    def _score_encoded(self, encoded: Array, labels: NDArray, sample_weight: Array | None) -> float:
        return r2_score(labels, encoded, sample_weight=sample_weight)
