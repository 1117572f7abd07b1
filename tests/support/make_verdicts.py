"""Make tests/data/verdicts.json: which stones GNU Go 3.8 calls dead or in seki where the games of tests/data/games end.

Run from the repository root: `nice python tests/support/make_verdicts.py` (one core, some minutes). Every game has a
process of its own, with level 10 and the same seed, so that the same GNU Go gives the same file again.
"""

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from tests.support.make_games import FOLDER, GnuGo

PATH = FOLDER.parent / "verdicts.json"
LEVEL = 10
SEED = 1


def judge(path: Path) -> dict[str, list[str]]:
    """Return the vertices of the dead stones and of those in seki at the end of a game; all others are alive."""
    with GnuGo(SEED) as gnugo:
        gnugo.send(f"loadsgf {path}")
        gnugo.send(f"level {LEVEL}")
        return {status: sorted(gnugo.send(f"final_status_list {status}").split()) for status in ("dead", "seki")}


def main() -> None:
    """Judge every game; write a line for each to stderr."""
    verdicts = {}
    for path in sorted(FOLDER.glob("*.sgf")):
        verdicts[path.stem] = judge(path)
        counts = ", ".join(f"{len(stones)} {status}" for status, stones in verdicts[path.stem].items())
        sys.stderr.write(f"{path.stem}: {counts}\n")
    rows = [f"{json.dumps(name)}: {json.dumps(verdict)}" for name, verdict in verdicts.items()]
    PATH.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="ascii")


if __name__ == "__main__":
    main()
