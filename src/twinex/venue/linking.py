"""A function's machine code waits until an address of it is asked for.

Numba links, optimizes and translates every function together with all that it calls, even one that
is only ever a part of others: with calls ten deep the same code goes through LLVM ten times. With
`install` a function's library holds that function alone until it is entered from outside; then all
that it reaches is linked to it, each part once. This knows how Numba's libraries work inside; the
versions that it knows stand in `pyproject.toml`.
"""

import ctypes
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.registry import cpu_target


class LazyLibrary(JITCodeLibrary):
    """A code library that is linked and translated when somebody wants to enter it."""

    _is_built = False

    def finalize(self) -> None:
        """Take no more code in; what there is stays as it is."""
        self._raise_if_finalized()
        self._finalized = True
        for function in self._final_module.functions:
            if not function.is_declaration and str(function.name).startswith(tuple(_APART)):
                function.add_function_attribute("noinline")

    def _finalize_final_module(self) -> None:
        self._is_built = True
        super()._finalize_final_module()

    def _build(self) -> None:
        """Link, optimize and translate this library with all that it reaches."""
        if self._is_built:
            return
        self._linking_libraries = self._reached()
        self._finalized = False
        super().finalize()
        for name in [each.name for each in self._final_module.global_variables]:
            if name in _WAITING:
                _set_environment(self._codegen, name, _WAITING.pop(name))

    def _reached(self) -> list[Any]:
        """Every library that this one calls, directly or through others."""
        found: dict[Any, None] = {}
        waiting = list(self._linking_libraries)
        while waiting:
            library = waiting.pop()
            if library not in found:
                found[library] = None
                if not getattr(library, "_is_built", True):
                    waiting += library._linking_libraries
        return list(found)

    def _is_defined(self, name: str) -> bool:
        try:
            return not self._final_module.get_function(name).is_declaration
        except NameError:
            return False

    def get_pointer_to_function(self, name: str) -> int:
        """Address of a function, built now if it is of this library; 0 if it is not."""
        if self._is_defined(name):
            self._build()
        return int(super().get_pointer_to_function(name))

    def serialize_using_object_code(self) -> Any:
        """The library as a cache keeps it."""
        self._build()
        return super().serialize_using_object_code()

    def get_asm_str(self) -> str:
        """The assembly of all that is reached."""
        self._build()
        return str(super().get_asm_str())


_APART: list[str] = []  # how the names begin of functions that are never made part of others
_WAITING: dict[str, Any] = {}  # environments of functions that are in no built library yet


def _set_environment(codegen: Any, name: str, environment: Any) -> None:
    """Where a function's constants are, once there is a place to note it."""
    engine = codegen._engine
    if not engine.is_symbol_defined(name):
        _WAITING[name] = environment
        return
    place = engine.get_global_value_address(name)
    ctypes.c_void_p.from_address(place).value = id(environment)


def keep_apart(function: Any) -> None:
    """Let a function be called, never made part of its callers."""
    parts = f"{function.__module__}.{function.__qualname__}".split(".")
    _APART.append("_ZN" + "".join(f"{len(part)}{part}" for part in parts) + "B")


def install() -> None:
    """Let every function compiled from now on wait, whoever compiles it."""
    codegen: Any = cpu_target.target_context.codegen()
    codegen._library_class = LazyLibrary
    codegen.set_env = lambda name, environment: _set_environment(codegen, name, environment)
