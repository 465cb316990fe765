"""Every tolerance of the parity tests, each with the reason for its size.

A tolerance is the largest absolute difference that is still equality, given in the unit that its comment names.
Ties, binning and float32 are arranged away in the tests; nothing here absorbs them.
"""

# --- explain ---------------------------------------------------------------------------------------------------
# Kernel SHAP at full enumeration, relative to the largest value: shap solves normal equations in which the last
# feature is eliminated, and sets values below 1e-10 to 0.
EXPLAIN_KERNEL_SHAP = 1e-10
# LIME with lime's draws, outputs of order 1: the sample is the same to the bit; both solve ridge normal equations.
EXPLAIN_LIME = 1e-9

# Neural networks: scikit-learn draws, shuffles and adds in the same order, so whole training runs agree to the last
# bit on one machine. The rest is room for a BLAS that rounds a product differently when a matrix lies elsewhere in
# memory: 15 epochs do not blow 1e-16 up to this. Unit: that of the weight, loss or prediction, relative above one.
NEURAL_TRAINING = 1e-10
# float32: scikit-learn's Adam rounds its steps from float64, ours computes them in float32. One step is at most
# learning_rate = 1e-3 and its relative rounding 6e-8; 15 epochs of one to nine steps, and their effect on gradients.
NEURAL_FLOAT32 = 1e-5

# ---- linear models and principal components ----
# All in units of the largest entry of what is compared, or of 1 if that is smaller.

# Both solve least squares backward stably; what is left is rounding (1e-16) times the condition number of the
# design, which is below 1e5 in the cases except breast_cancer, where singular values are used on both sides.
LINEAR_LEAST_SQUARES = 1e-9

# Standard errors from a Cholesky factor on our side, from a pseudo-inverse on statsmodels': rounding times the squared
# condition number of the scaled design. A p-value of 1e-100 is known to 100 times the rounding of its t.
LINEAR_INFERENCE = 1e-9

# L-BFGS-B ends where rounding hides the decrease of the objective, of relative size 1e-16: the coefficients then are as
# far off as the root of that times the condition number.
LINEAR_QUASI_NEWTON = 1e-6

# Both stop at a duality gap of 1e-12 ‖y‖². Coefficients move with the root of what is left over the smallest curvature
# on the support; the library's are the less exact ones.
LINEAR_SPARSE_COEFFICIENTS = 1e-8
# The objective itself, relative to that of no coefficients: it is above the library's by rounding only.
LINEAR_ELASTIC_NET_OBJECTIVE = 1e-14
# Errors of a fold follow the coefficients: with more columns than rows and alphas near zero, those of the library at
# tol=1e-12 are off by 9e-7 from its own at 1e-15.
LINEAR_FOLD_ERRORS = 2e-6

# LSQR is stopped by its own tolerance, 1e-12 in the test: what is left is that times the condition number.
LINEAR_SPARSE = 1e-9

# Both minimise to a gradient of at most 1e-12; the coefficients follow within that over the smallest curvature.
LINEAR_LOGISTIC = 1e-9

# An eigenvector moves by rounding over the relative gap of its eigenvalue; gaps in the cases are above 1e-5.
LINEAR_COMPONENTS = 1e-9

# K-means: with the same labels in every iteration only the order of sums differs.
CLUSTERS = 1e-9

# float32 stores 1.2e-7; the library also computes in it, which costs the condition number of the table, below 100.
LINEAR_FLOAT32 = 1e-5

# Booster: trees node for node beside xgboost 3.2. Relative to the largest entry of the same tree.
# Gains and covers are float32 of float64 sums of float32 gradients. For logistic losses exp differs by an ulp between
# compilers, and with weights the library rounds g w to float32, where we do not: a few ulps (1.2e-7) of the largest
# term, which for a gain, a difference of similarities, may be some times the gain itself.
BOOSTER_GAIN = 5e-6
BOOSTER_COVER = 1e-6
BOOSTER_VALUE = 3e-6
# Share of the largest leaf value of a model: trees whose values are all smaller, as that of a root alone may be, have
# leaves whose gradients cancel, and are measured by this.
BOOSTER_CANCELLED = 0.05
# Margins add up 20 to 50 trees in float32.
BOOSTER_MARGIN = 1e-6
# Absolute: a probability is a float32 next to 1 (its ulp is 6e-8) of a margin that differs by a few ulps.
BOOSTER_PROBABILITY = 1e-6
# The library adds the weights of each class in float32, we in float64; then both take logarithms. Relative above one.
BOOSTER_INTERCEPT = 1e-6
# Absolute: shares of 1, of float32 sums of gains.
BOOSTER_IMPORTANCES = 1e-6
# Metrics: losses of rows are float32 there and float64 here; their errors of 6e-8 are averaged.
BOOSTER_METRIC = 1e-6
# R² on 2,000 held-out rows, where cuts differ by design: about one standard error of it.
BOOSTER_SCORE = 0.01

# Model file: margins of one model on both sides, of the order of 1 to 5. All numbers are the file's float32, added up
# in the same order; an ulp (4.8e-7 at 5) is left for logarithms, weights of trees and vectors in leaves.
MODEL_FILE_MARGIN = 1e-6

# ---- dumps of trees ----
# Relative: the library adds gains and covers in float32, we in float64; with some hundred splits on a column of very
# different gains its sums are off by up to 3e-6.
DUMP_IMPORTANCE = 1e-5
# Relative: the library's data frame is read from text with nine digits.
DUMP_NUMBER = 1e-8

# ---- conversions ----
# Relative: inverse links of equal margins; exp, and the sum of a softmax, are rounded otherwise by an ulp or two.
CONVERTED_PREDICTION = 1e-14
CONVERTED_FLOAT32 = 1e-6

# ---- forests ----
# Least squares adds the targets of a node in another order than scikit-learn, and trees are added up in the same one:
# rounding of some hundred terms. Relative to the largest value.
FOREST_VALUE = 1e-12

# ---- perceptron ----
# The same additions in the same order: the same bits. What is left is room for a compiler that contracts a product
# and a sum, which 40 epochs do not blow up to this.
PERCEPTRON = 1e-12
# The scale that all coefficients share is a float32, multiplied some ten thousand times; relative to the largest.
PERCEPTRON_FLOAT32 = 1e-5

# ---- logistic regression by other ways than the library's ----
# saga stops when no coefficient moves by more than 1e-8 of the largest: what is left is that over its rate, some
# hundred passes.
LINEAR_STOCHASTIC = 1e-5
# liblinear at a tolerance of 1e-10, relative to the slope at zero.
LINEAR_LIBLINEAR = 1e-6

# ---- maps ----
# Of n p_ij, whose sum over a row is about 1: scikit-learn's search ends where the entropy is right to 1e-5.
TSNE_AFFINITY = 1e-4
