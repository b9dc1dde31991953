"""Which names a piece of Python binds at its top level, and which it takes from around it."""

from __future__ import annotations

import symtable


def bound(source: str) -> set[str]:
    """The names a cell or module assigns, defines or imports; none where it is not Python
    (IPython's magics aside).
    """
    table = _table(source)
    return (
        {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_assigned() or symbol.is_imported()
        }
        if table
        else set()
    )


def used(source: str) -> set[str]:
    """The global names that a definition needs, from its annotations and defaults to its innermost
    function.
    """
    table = _table(source)
    return (_globals(table) - bound(source)) if table else set()


def _globals(table: symtable.SymbolTable) -> set[str]:
    is_module = table.get_type() == "module"
    here = {
        one.get_name()
        for one in table.get_symbols()
        if one.is_referenced() and (one.is_global() or is_module)
    }
    return here.union(*map(_globals, table.get_children()))


def _table(source: str) -> symtable.SymbolTable | None:
    plain = "\n".join(
        "" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()
    )
    try:
        return symtable.symtable(plain, "cell", "exec")
    except SyntaxError:
        return None
