"""Signatures and docstrings that a class takes over from its base."""

import inspect

import pytest

from mlx.boosting.signatures import InheritsParameters


class Base(InheritsParameters):
    """Base.

    Parameters
    ----------
    a : int, default=1
        Text of a::

            with code

        and more.
    b : int, default=2
        Text of b.

    Notes
    -----
    Of the base.

    Examples
    --------
    >>> Base()
    """

    def __init__(self, *, a=1, b=2):
        self.a, self.b = a, b


class Own(Base):
    """Own.

    Parameters
    ----------
    b : int, default=5
        Another text.
    c : int, default=3
        Text of c.
    """

    def __init__(self, *, b=5, c=3, **parameters):
        super().__init__(b=b, **parameters)
        self.c = c


class Silent(Own):
    """Has no parameters of its own."""


def test_signature_has_the_bases_order_and_our_own_defaults():
    assert str(inspect.signature(Own)) == "(*, a=1, b=5, c=3)"
    assert str(inspect.signature(Silent)) == "(*, a=1, b=5, c=3)"


def test_values_arrive():
    own = Own(a=7, c=8)
    assert (own.a, own.b, own.c) == (7, 5, 8)


def test_unknown_parameters_are_type_errors():
    with pytest.raises(TypeError, match="'d'"):
        Own(d=1)


def test_docstring_has_each_parameter_once_with_the_closest_text():
    expected = """Own.

    Parameters
    ----------
    a : int, default=1
        Text of a::

            with code

        and more.
    b : int, default=5
        Another text.
    c : int, default=3
        Text of c.

    Notes
    -----
    Of the base.
    """
    assert Own.__doc__ == expected


def test_a_class_without_an_init_of_its_own_keeps_its_docstring():
    assert Silent.__doc__ == "Has no parameters of its own."
