"""`python -m tests.cases [DIR]`: how each case of a folder with a cases.tsv fares, and how many are right."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.cases.cases import CASES, cases, faults


def main() -> int:
    """Print a line a case; give 1 where one is wrong."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CASES
    table = cases(folder)
    right = 0
    for case in table:
        wrong = faults((folder / case.file).read_bytes(), case.wanted)
        right += not wrong
        print(f"{'ok   ' if not wrong else 'WRONG'} {case.file}: {case.wanted}  {'; '.join(wrong)}")
    print(f"{right} of {len(table)}")
    return right != len(table)


sys.exit(main())
