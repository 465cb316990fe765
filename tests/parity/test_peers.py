"""What is handed to the library that a class is compared with."""

import pytest

from mlx.boosting import XGBRegressor
from mlx.compare import peers
from mlx.compare.peers import KEYWORDS, PEERS, peer_of
from mlx.linear_model import LinearRegression

pytestmark = pytest.mark.parity


def test_own_parameters_stay_here_and_shared_ones_are_handed_on():
    theirs = peer_of(LinearRegression(solver="lstsq", fit_intercept=False), positive=True)
    assert type(theirs).__module__.startswith(PEERS["LinearRegression"].module)
    assert theirs.get_params() == {**type(theirs)().get_params(), "fit_intercept": False, "positive": True}


def test_keywords_are_handed_on_only_where_they_are_set():
    assert not KEYWORDS & set(peer_of(XGBRegressor()).get_params())
    theirs = peer_of(XGBRegressor(objective="reg:quantileerror", quantile_alpha=0.3))
    assert KEYWORDS & set(theirs.get_params()) == {"quantile_alpha"}


def test_the_file_says_where_its_exceptions_stand():
    named = [word.strip("`") for word in peers.__doc__.split() if word.startswith("`")]
    assert named == ["KEYWORDS"] and all(getattr(peers, name) for name in named)
