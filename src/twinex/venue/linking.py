"""Functions that are only ever called by others wait for their callers to be compiled.

Numba links, optimizes and translates every function together with all that it calls, even one that
is only ever a part of others: with calls ten deep the same code goes through LLVM ten times. With
`install` a function's library holds that function alone until it is entered from outside; then all
that it reaches is linked to it, each part once. This knows how Numba's libraries work inside; the
version that it knows stands in `pyproject.toml`.
"""

import ctypes
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.registry import cpu_target


class LazyLibrary(JITCodeLibrary):
    """A code library that, if its function is one of `wait`, waits until somebody calls that.

    Whoever calls it links all that it reaches, too.
    """

    _is_built = False

    def finalize(self) -> None:
        """Take no more code in; build, unless this may wait."""
        if not self._may_wait():
            self._linking_libraries = self._reached()
            super().finalize()
            return
        self._raise_if_finalized()
        self._finalized = True

    def _may_wait(self) -> bool:
        waits = False
        for function in self._final_module.functions:
            name = str(function.name)
            if not function.is_declaration and name.startswith(tuple(_WAITING)):
                waits = True
                if name.startswith(tuple(_APART)):
                    function.add_function_attribute("noinline")
        return waits

    def _finalize_final_module(self) -> None:
        self._is_built = True
        super()._finalize_final_module()

    def _reached(self) -> list[Any]:
        """Every library that this one calls, directly or through others that wait.

        Callers stand before what they call: LLVM links in only what is wanted by then.
        """
        seen: set[Any] = set()
        found: list[Any] = []

        def visit(library: Any) -> None:
            if library in seen:
                return
            seen.add(library)
            if not getattr(library, "_is_built", True):
                for callee in library._linking_libraries:
                    visit(callee)
            found.append(library)

        for library in self._linking_libraries:
            visit(library)
        return found[::-1]


# How the names begin of functions that wait, and of those that never become part of their callers.
_WAITING: list[str] = []
_APART: list[str] = []


def _name_of(function: Any) -> str:
    """How the compiled name of a function begins (Numba's mangling)."""
    parts = f"{function.__module__}.{function.__qualname__}".split(".")
    return "_ZN" + "".join(f"{len(part)}{part}" for part in parts) + "B"


def wait(function: Any, *, apart: bool = False) -> None:
    """Let a function that nobody enters from outside wait; `apart`: it is called, never inlined."""
    _WAITING.append(_name_of(function))
    if apart:
        _APART.append(_name_of(function))


def _set_environment(codegen: Any, name: str, environment: Any) -> None:
    """As Numba's own, but not for functions that wait: theirs are not used."""
    engine = codegen._engine
    if engine.is_symbol_defined(name):
        place = engine.get_global_value_address(name)
        ctypes.c_void_p.from_address(place).value = id(environment)


def install() -> None:
    """Let the functions that may wait do so, from now on."""
    codegen: Any = cpu_target.target_context.codegen()
    codegen._library_class = LazyLibrary
    codegen.set_env = lambda name, environment: _set_environment(codegen, name, environment)
