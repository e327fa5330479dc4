"""The plugin that forbids skips under CI does forbid them."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

EXCUSED = """
    import pytest

    @pytest.mark.skip(reason="not today")
    def test_skipped(): pass

    def test_skips_itself(): pytest.skip("nor today")

    @pytest.mark.xfail
    def test_expected_to_fail(): assert False

    @pytest.mark.xfail
    def test_passes_by_surprise(): pass

    def test_runs(): pass
"""


def test_every_excuse_fails_and_nothing_else(pytester: pytest.Pytester) -> None:
    """With the plugin the four excused tests fail (one before it starts), the fifth passes; without it none fails."""
    pytester.makepyfile(EXCUSED)
    pytester.runpytest("-p", "tests.noskip").assert_outcomes(passed=1, failed=3, errors=1)
    pytester.runpytest().assert_outcomes(passed=1, skipped=2, xfailed=1, xpassed=1)


def test_a_module_that_skips_itself_is_an_error(pytester: pytest.Pytester) -> None:
    """A module-level skip would hide every test of the file; with the plugin it is an error."""
    pytester.makepyfile("import pytest\npytest.skip('whole file', allow_module_level=True)\n")
    pytester.runpytest("-p", "tests.noskip").assert_outcomes(errors=1)
