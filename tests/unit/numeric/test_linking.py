"""Kernels that kernels call: one machine code for the caller, the same results, and Numba alone where it is another."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from mlx.numeric import jit, linking
from mlx.numeric.jit import kernel

without_jit = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
needs_jit = pytest.mark.skipif(without_jit, reason="asks what the compiler does, and NUMBA_DISABLE_JIT turns it off")


class Ends(NamedTuple):
    """Two parts of an array."""

    head: NDArray[np.float64]
    tail: NDArray[np.float64]


@kernel
def ends_at(values, middle):
    ends = Ends(values[:middle], values[middle:])
    return ends.head[0] + ends.tail[-1]


@kernel
def root(x):
    if x < 0.0:
        raise ValueError("x is negative", x)
    return np.sqrt(x)


@kernel
def norm(values):
    total = 0.0
    for value in values:
        total += value * value
    return root(total)


@kernel
def copied(values):
    own = np.empty(len(values))
    own[:] = values
    return own


@kernel
def normalised(values):
    own = copied(values)
    own /= norm(values)
    return own


@kernel
def factorial(n):
    if n < 2:
        return 1
    return n * factorial(n - 1)


@kernel
def binomial(n, k):
    return factorial(n) // (factorial(k) * factorial(n - k))


@kernel
def total_in_order(values):
    total = 0.0
    for i in range(len(values)):
        total += values[i]
    return total


@kernel(reassociate=True)
def total_in_any_order(values):
    total = 0.0
    for i in range(len(values)):
        total += values[i]
    return total


@kernel
def totals(values):
    return total_in_order(values), total_in_any_order(values)


@kernel(reassociate=True)
def totals_in_any_order(values):
    return total_in_order(values), total_in_any_order(values)


@kernel
def applied(function, x):
    return function(x)


@kernel
def tail(values):
    return values[1:]


@kernel
def sum_of_tail(values):
    own = tail(values)
    return total_in_order(own) + total_in_order(values[:1])


@kernel
def both_sums(pair):
    one, other = pair
    return total_in_order(one), total_in_order(other[1:])


@kernel
def shifted(values, room):
    room[1:] = values[:-1]
    return total_in_order(room)


def code_of(kernel_of_these, *arguments):
    """LLVM's code of a kernel, compiled anew: what comes from the cache cannot be read."""
    entry = numba.njit(pipeline_class=linking.EntryCompiler, error_model="numpy")(kernel_of_these.py_func)
    entry(*arguments)
    return entry.inspect_llvm(entry.signatures[0])


@needs_jit
def test_numba_that_is_installed_is_one_that_linking_was_tried_with():
    assert jit.linking is linking
    assert linking.TRIED[0] <= numba.version_info.short <= linking.TRIED[1]


@needs_jit
def test_kernel_that_only_kernels_call_is_not_made_machine_code():
    def square(x):
        return x * x

    def sum_of_squares(x, y):
        return squared(x) + squared(y)

    squared = kernel(square)
    entry = kernel(sum_of_squares)
    assert entry(3.0, 4.0) == 25.0
    assert len(entry.signatures) == 1
    assert squared.signatures == []
    assert squared(3.0) == 9.0
    assert len(squared.signatures) == 1


def test_callers_get_what_python_gets():
    values = np.random.default_rng(0).normal(size=100)
    total = 0.0
    for value in values:
        total += value * value
    assert norm(values) == root(total)
    np.testing.assert_array_equal(normalised(values), values / norm(values))


def test_array_that_a_callee_makes_outlives_it():
    kept = [normalised(np.full(1000, float(i + 1))) for i in range(50)]
    for own in kept:
        np.testing.assert_allclose(own, 1 / np.sqrt(1000), rtol=1e-12)


@needs_jit
def test_arrays_that_are_only_borrowed_are_not_counted():
    values = np.arange(5.0)
    assert "NRT_incref" not in code_of(both_sums, (values, values))
    assert "NRT_incref" not in code_of(total_in_order, values)
    assert "NRT_incref" not in code_of(ends_at, values, 2)
    # What is made, returned, or written into an array that it may overlap with, is.
    assert "NRT_incref" in code_of(normalised, values)
    assert "NRT_incref" in code_of(sum_of_tail, values)
    assert "NRT_incref" in code_of(shifted, values, values.copy())


@needs_jit
def test_no_count_goes_wrong():
    """Each array has as many holders after the calls as before, and what was returned lives on."""
    values = np.arange(5.0)
    before = sys.getrefcount(values)
    kept = [tail(values) for _ in range(10)]
    assert sys.getrefcount(values) > before  # views hold it
    for _ in range(10):
        assert sum_of_tail(values) == 10.0
        assert both_sums((values, values)) == (10.0, 10.0)
        assert ends_at(values, 2) == 4.0
        assert shifted(values, values.copy()) == 6.0
    assert [own.sum() for own in kept] == [values[1:].sum()] * 10
    del kept
    assert sys.getrefcount(values) == before


def test_error_of_a_callee_reaches_python():
    for call in (root, lambda x: applied(root, x)):
        with pytest.raises(ValueError, match="x is negative") as caught:
            call(-4.0)
        assert caught.value.args == ("x is negative", -4.0)


def test_kernel_may_call_itself():
    assert factorial(10) == 3628800
    assert binomial(10, 3) == 120


@needs_jit
def test_circle_of_kernels_ends_in_an_error():
    even = kernel(lambda n: True if n == 0 else odd(n - 1))
    odd = kernel(lambda n: False if n == 0 else even(n - 1))
    with pytest.raises((RuntimeError, numba.core.errors.NumbaError)):
        even(4)


@needs_jit
def test_sums_may_be_reordered_only_where_the_kernel_says_so():
    values = np.random.default_rng(1).normal(size=10_001)
    expected = (total_in_order(values), total_in_any_order(values))
    assert expected[0] != expected[1]  # else the test would not see a difference
    assert totals(values) == expected
    assert totals_in_any_order(values) == expected


# In processes of their own ----------------------------------------------------------------------------------

PROGRAM = """
import sys
{before}
from mlx.numeric import jit
from mlx.numeric.jit import kernel

@kernel
def checked(n):
    if n < 0:
        raise ValueError("negative", n)
    return n

@kernel
def told(n):
    print("n is", n, "and", 0.5)
    return checked(n)

@kernel
def entry(n):
    return told(n) + checked(n)

print(entry(21))
try:
    entry(-1)
except ValueError as error:
    print(error.args)
print(jit.linking is not None, len(entry.stats.cache_hits))
"""

SPOKEN = ["n is 21 and 0.5", "42", "n is -1 and 0.5", "('negative', -1)"]


def run_program(folder: Path, before: str = "", **environment: str) -> list[str]:
    """Lines that the program prints; its compiled code is kept in the folder."""
    path = folder / "program.py"
    if not path.exists():  # Numba before 0.68 takes a file that was written again for another one
        path.write_text(textwrap.dedent(PROGRAM.format(before=before)))
    done = subprocess.run(
        [sys.executable, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MLX_CACHE_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,  # a kernel without its environment may hang
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_jit
def test_callees_print_and_raise_when_compiled_and_when_read_from_the_cache(tmp_path):
    assert run_program(tmp_path) == [*SPOKEN, "True 0"]
    files = [path.name for path in tmp_path.rglob("*.nbc")]
    assert len(files) == 1
    assert files[0].startswith("program.entry-")
    assert run_program(tmp_path) == [*SPOKEN, "True 1"]


@needs_jit
@pytest.mark.parametrize(
    "other_numba",
    [
        "import numba; numba.version_info = numba.version_info._replace(short=(99, 0))",
        "import numba.core.codegen; del numba.core.codegen.JITCodeLibrary",
        "import numba.core.typed_passes; del numba.core.typed_passes.NativeLowering",
    ],
)
def test_another_numba_compiles_alone(tmp_path, other_numba):
    assert run_program(tmp_path, other_numba) == [*SPOKEN, "False 0"]
    assert len(list(tmp_path.rglob("*.nbc"))) == 3
