"""`python -m bench`: measure, print the table, write the JSON. `--only NAME` measures one row, `--quick` fewer alternations."""

import argparse
import json
import time
from pathlib import Path

from bench import attributing, browser, computing, digits, gradients, language
from bench.ratios import Row, machine, table

ALTERNATIONS, QUICK = 15, 5


def main() -> None:
    """Measure what was asked for."""
    in_browser = browser.rows()
    computed = computing.ROWS | attributing.ROWS | gradients.ROWS | digits.ROWS | language.ROWS
    names = [*in_browser, *computed]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} alternations instead of {ALTERNATIONS}")
    parser.add_argument("--only", choices=names, action="append", help="measure this row; may be repeated")
    parser.add_argument("--json", type=Path, default=Path("bench-results.json"), metavar="PATH", help="where the figures go")
    options = parser.parse_args()
    count = QUICK if options.quick else ALTERNATIONS
    wanted = options.only or names
    rows: list[Row] = []
    started = time.perf_counter()

    def note(row: Row) -> None:
        rows.append(row)
        print(f"{' | '.join(row.cells())}  [{time.perf_counter() - started:.0f} s]", flush=True)

    with browser.opened(count) as bench:
        for name in wanted:
            note(in_browser[name](bench) if name in in_browser else computed[name](count))
    about = machine()
    options.json.write_text(json.dumps({"machine": about, "rows": [row.as_dict() for row in rows]}, indent=1) + "\n", encoding="utf-8")
    print(f"\n{table(rows, about)}")


if __name__ == "__main__":
    main()
