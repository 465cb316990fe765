"""Fixtures that several folders of tests share."""

import pytest

_LARGEST: dict[str, tuple[float, float]] = {}


@pytest.fixture
def record_difference(request):
    """Call with (case, difference, tolerance): remembers the figure for the summary and asserts it.

    The summary at the end of the run prints the largest difference of each case beside its tolerance.
    """

    def record(case: str, difference: float, tolerance: float) -> None:
        request.node.user_properties.append(("difference", (case, float(difference), float(tolerance))))
        assert difference <= tolerance, f"{case}: largest difference {difference:.3g} exceeds {tolerance:.3g}"

    return record


def pytest_runtest_logreport(report):
    for name, value in report.user_properties:
        if name == "difference" and report.when == "call":
            case, difference, tolerance = value
            known = _LARGEST.get(case, (0.0, tolerance))
            _LARGEST[case] = (max(known[0], difference), tolerance)


def pytest_terminal_summary(terminalreporter):
    if not _LARGEST:
        return
    terminalreporter.section("largest difference from the library, per case")
    width = max(map(len, _LARGEST))
    for case, (difference, tolerance) in sorted(_LARGEST.items()):
        terminalreporter.write_line(f"{case:<{width}}  {difference:10.2e}  (tolerance {tolerance:.0e})")
