"""The plug-ins' own tests in JavaScript, by the runner of the node that Playwright brings."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import playwright
import pytest

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "webui" / "plugins"
NODE = Path(playwright.__file__).parent / "driver" / "node"


@pytest.mark.browser
@pytest.mark.parametrize("path", sorted(SOURCES.glob("*/*.js")), ids=lambda path: path.name)
def test_every_script_can_be_read(path: Path) -> None:
    """What no test runs too."""
    # links.js and bar.js are no modules, and read alike as one.
    subprocess.run([NODE, "--input-type=module", "--check"], input=path.read_bytes(), check=True, timeout=60)


@pytest.mark.browser
@pytest.mark.parametrize("name", [path.name for path in sorted(HERE.glob("*.test.mjs"))])
def test_in_javascript(name: str) -> None:
    """None fails, and there are some."""
    done = subprocess.run(
        [NODE, "--test", "--test-reporter=tap", HERE / name],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert int(re.findall(r"# pass (\d+)", done.stdout)[-1]) >= 5
