"""A subclass that names only its own parameters shows those of its base class as well, in its signature and in help().

Boosted estimators share some fifty parameters. They stand once, with their defaults and their text; a class that has
other defaults, or more parameters, states only these::

    class Base(InheritsParameters):                  class Own(Base):
        '''...                                           '''...
        Parameters                                       Parameters
        ----------                                       ----------
        a : int, default=1                               b : int, default=5
            Text of a.                                       Text of b in this class.
        b : int, default=2                               '''
            Text of b.
        '''
        def __init__(self, *, a=1, b=2): ...             def __init__(self, *, b=5, **parameters): ...

    inspect.signature(Own)  ->  (*, a=1, b=5)        help(Own)  ->  the text of a, and that of b in Own
"""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import Any

__all__ = ["InheritsParameters", "joined_docstring", "joined_signature"]

# Sections of which a class may have entries of its own.
LISTS = ("Parameters", "Attributes")

# What stands before the first section, and what stands at the end.
HEAD, EXAMPLES = "", "Examples"


class InheritsParameters:
    """Base of classes whose ``__init__`` passes ``**parameters`` on to that of their base class."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own: Any = vars(cls).get("__init__")
        base = next((base for base in cls.__mro__[1:] if "__init__" in vars(base)), object)
        if own is None or not issubclass(base, InheritsParameters):
            return
        own.__signature__ = joined_signature(inspect.signature(own), inspect.signature(base.__init__))
        # Python leaves docstrings out when it is told to (-OO).
        if cls.__doc__ and base.__doc__:
            cls.__doc__ = joined_docstring(cls.__doc__, base.__doc__)


def joined_signature(own: inspect.Signature, base: inspect.Signature) -> inspect.Signature:
    """The parameters of the base in their order, with our own defaults where there are any; then our other ones."""
    mine = {name: p for name, p in own.parameters.items() if p.kind is not inspect.Parameter.VAR_KEYWORD}
    return own.replace(parameters=list((dict(base.parameters) | mine).values()))


def joined_docstring(own: str, base: str) -> str:
    """A numpydoc docstring with the entries and the sections of the base that it lacks."""
    mine, theirs = _sections(own), _sections(base)
    joined = {title: text for title, text in theirs.items() if title != EXAMPLES} | mine
    for title in LISTS:
        entries = _entries(theirs.get(title, "")) | _entries(mine.get(title, ""))
        joined[title] = "\n".join(entries.values()) + "\n\n"
    head = joined.pop(HEAD)
    parts = [head, *(f"{title}\n{'-' * len(title)}\n{text}" for title, text in joined.items() if text.strip())]
    return textwrap.indent("".join(parts).rstrip(), "    ").lstrip() + "\n    "


def _sections(docstring: str) -> dict[str, str]:
    """Texts by title; what stands before the first title is `HEAD`."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(docstring) + "\n\n", flags=re.MULTILINE)
    return {HEAD: parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _entries(section: str) -> dict[str, str]:
    """Entries of a list by what stands before the colon; an entry begins where a line is not indented."""
    entries = re.findall(r"^\S.*(?:\n(?:[ \t].*)?)*", section, flags=re.MULTILINE)
    return {entry.split(" :")[0]: entry.rstrip() for entry in entries}
