"""A kernel that another kernel calls is kept as LLVM's code, and becomes machine code inside its callers only.

When Numba compiles a kernel, it first compiles each kernel that it calls, wholly: LLVM optimises the callee, machine
code is made of it and written to the cache, and then its LLVM code is linked into the caller and optimised there once
more. Down a chain of five calls the innermost body is optimised five times, and machine code is made four times that
nobody runs. For a kernel `a` that Python calls, which calls `b`, which calls `c`, Numba alone, and with this file::

    c: type, lower, optimise, machine code, cache            c: type, lower
    b: type, lower, link c, optimise, machine code, cache    b: type, lower, link c
    a: type, lower, link b, optimise, machine code, cache    a: type, lower, link b, optimise, machine code, cache

So `mlx.numeric.jit.kernel` makes two of each function: the *entry*, which Python calls and Numba compiles as ever, and
the *callee*, which stands for the entry wherever a kernel names it. A function that both call is typed and lowered
twice. Few of the functions that a first fit compiles are called from Python: only those leave files in the cache, and a
later process reads only those. Results are the same bits: which sums LLVM may reorder is written on each instruction.

Arrays are lent. Numba counts who holds an array: wherever a kernel is given one, takes one out of a tuple or makes a
view of one, a counter is raised by an instruction that no other core may come between, and lowered again at the end.
Its pass that takes needless counting away seldom sees through loops. But most kernels only work on arrays that their
caller holds anyway until they return: they make no array and return none (`only_borrows`), and need not count.

Numba documents how a pipeline of compilation is put together, but not all that the classes here use. Hence `TRIED`: a
Numba outside of it, or one that lacks a name, makes the import of this file fail, and kernels are then compiled as
Numba alone does it.

Two kernels that call each other in a circle are not supported; one that calls itself is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba
from numba.core import ir, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.typed_passes import AnnotateTypes, NativeLowering, NoPythonBackend

__all__ = ["EntryCompiler", "show_callee"]

# Versions of Numba that this file is used with. The first and the last of them were run with it.
TRIED = ((0, 63), (0, 68))

if not TRIED[0] <= numba.version_info.short <= TRIED[1]:
    raise ImportError(f"linking of kernels was not tried with Numba {numba.__version__}")


def show_callee(entry: Any, function: Callable, options: dict[str, Any]) -> None:
    """Put the callee in the entry's place wherever a kernel names the entry.

    Parameters
    ----------
    entry : numba dispatcher
        What Python calls.
    function : callable
        The function that it was made of.
    options : dict
        The options of `numba.njit` that it was made with.
    """
    callee = numba.njit(**{**options, "pipeline_class": CalleeCompiler})(function)
    callee.add_overload = functools.partial(_keep, callee)
    # What Numba asks of a dispatcher that a kernel names: types of a call, the code, and whether the call is recursive.
    entry.get_call_template, entry.get_overload = callee.get_call_template, callee.get_overload
    callee._compiling_counter = entry._compiling_counter


def _keep(callee: Any, compiled: Any) -> None:
    """Keep what was compiled for callers, and offer nothing to Python, as Numba would."""
    callee.overloads[tuple(compiled.signature.args)] = compiled


class LinkedLibrary(JITCodeLibrary):
    """Code of one callee and of what it calls, for linking into callers: neither optimised nor made machine code."""

    def finalize(self) -> None:
        """Link what the callee calls; Numba asks for this when the first caller is compiled."""
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


# What gives an array without making one, besides assignment: a view, or a part of what is held already.
VIEWS = {"getitem", "static_getitem", "typed_getitem", "getattr", "build_tuple", "exhaust_iter", "cast", "phi"}


def only_borrows(state: Any) -> bool:
    """Whether all arrays of a typed function belong to its caller, so that nobody need count who holds them.

    A named tuple of borrowed arrays is borrowed, as any tuple is.

    Parameters
    ----------
    state : numba.core.compiler.StateDict
        Of the compilation, after types were inferred.
    """

    def is_counted(numba_type: Any) -> bool:
        return state.targetctx.data_model_manager[numba_type].contains_nrt_meminfo()

    def makes(statement: Any) -> bool:
        """Whether a statement may make something that is counted."""
        if isinstance(statement, ir.SetItem | ir.StaticSetItem):
            # An array that is written into an array may be copied, should they overlap.
            return is_counted(state.typemap[statement.value.name])
        if isinstance(statement, ir.DynamicRaise | ir.DynamicTryRaise):
            return True
        if not isinstance(statement, ir.Assign) or not is_counted(state.typemap[statement.target.name]):
            return False
        made = statement.value
        if not isinstance(made, ir.Expr):
            return not isinstance(made, ir.Arg | ir.Var)
        if made.op == "call":
            return not isinstance(state.typemap[made.func.name], types.NamedTupleClass)
        by_array = made.op == "getitem" and isinstance(state.typemap[made.index.name], types.Array)
        return made.op not in VIEWS or by_array

    if is_counted(state.return_type):
        return False
    return not any(makes(statement) for block in state.func_ir.blocks.values() for statement in block.body)


@register_pass(mutates_CFG=False, analysis_only=False)
class CountNothingBorrowed(LoweringPass):
    """Before lowering: have no code made that counts who holds an array, if all arrays are borrowed."""

    _name = "mlx_count_nothing_borrowed"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Change what this function is lowered for; the code itself stays as it is."""
        if only_borrows(state):
            state.targetctx = state.targetctx.subtarget(enable_nrt=False)
        return False


class NotCallable:
    """Stands where Numba keeps the function that Python would call. Each is another key in Numba's tables."""


@register_pass(mutates_CFG=False, analysis_only=False)
class LowerIntoLinkedLibrary(LoweringPass):
    """Before lowering: say where the code goes, and that nothing is made for Python to call."""

    _name = "mlx_lower_into_linked_library"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Change the settings of this compilation; the code itself stays as it is."""
        state.flags.no_compile = True
        state.flags.no_cpython_wrapper = True
        state.library = LinkedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        return False


@register_pass(mutates_CFG=False, analysis_only=False)
class OfferToCallers(LoweringPass):
    """After lowering: tell Numba which library a caller links, as it does itself for what it makes machine code of."""

    _name = "mlx_offer_to_callers"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Register the callee; the code itself stays as it is."""
        key = NotCallable()
        state.targetctx.insert_user_function(key, state["cr"].fndesc, [state.library])
        state["cr"] = state["cr"]._replace(cfunc=key)
        return False


@register_pass(mutates_CFG=False, analysis_only=False)
class FillEnvironments(LoweringPass):
    """After machine code was made of an entry: give each linked function its environment, as is done for cached code.

    The environment of a function holds its module's names and its constants that are Python's objects; machine code
    finds it through a pointer, which Numba fills for the entry alone.
    """

    _name = "mlx_fill_environments"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Fill the pointers; the code itself stays as it is."""
        for environment in state.cr._find_referenced_environments():
            state.library.codegen.set_env(environment.env_name, environment)
        return False


class CalleeCompiler(CompilerBase):
    """Numba's own pipeline, up to the LLVM code."""

    def define_pipelines(self) -> list:
        """Pipeline with passes before and after lowering."""
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.add_pass_after(CountNothingBorrowed, AnnotateTypes)
        pipeline.add_pass_after(LowerIntoLinkedLibrary, CountNothingBorrowed)
        pipeline.add_pass_after(OfferToCallers, NativeLowering)
        pipeline.finalize()
        return [pipeline]


class EntryCompiler(CompilerBase):
    """Numba's own pipeline, whole."""

    def define_pipelines(self) -> list:
        """Pipeline with a pass before lowering, and one at its end."""
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.add_pass_after(CountNothingBorrowed, AnnotateTypes)
        pipeline.add_pass_after(FillEnvironments, NoPythonBackend)
        pipeline.finalize()
        return [pipeline]
