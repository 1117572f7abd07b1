"""Everything that `shicho inside` writes: the JSON file, the pictures and the page."""

import json
import math
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from shicho.engine import Game
from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadConfig, BadNetwork, BadRecord
from shicho.engine.features import FeatureSet
from shicho.engine.files import replacing
from shicho.engine.policy import Policy
from shicho.engine.taps import Taps
from shicho.tools.inside.detectors import Track, find_detectors
from shicho.tools.inside.page import notes_about, page_text
from shicho.tools.inside.pictures import FEWEST_MOVES, PICTURES, Scene, draw_layers
from shicho.tools.inside.positions import ko_pair
from shicho.tools.inside.sample import draw_games, spatial_layers
from shicho.training.data.store import GameStore

JSON_NAME: Final = "detectors.json"


def write_report(
    page: Path,
    taps: Taps,
    store: GameStore,
    game: Game,
    game_name: str,
    *,
    split: str,
    games: int,
    positions: int,
    seed: int,
    track: Track,
) -> list[Path]:
    """Measure all channels and write PAGE.md and the folder PAGE with the JSON file and pictures; return the paths.

    `game` is shown in pictures. Notes on the same network at the end of an old page are kept. Raises BadConfig for a
    page that is no .md file and for games that the store does not have, BadRecord for a game that is not 19x19, too
    short or without a ko, and BadNetwork for metadata that cannot be read and for values that are not finite.
    """
    if page.suffix != ".md":
        raise BadConfig(f"{page}: the page must end in .md")
    _check_game(game, game_name, taps.policy.features)
    network = _describe_network(taps.policy)
    drawn = draw_games(store, split, games, positions, seed)
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    labels = _finite(find_detectors(taps, store, drawn, seed, track))
    scene = Scene(taps, game, {one["label"]: one["best"] for one in labels})
    pictures = [name for name, picture in PICTURES.items() if all(scene.best[label] for label in picture.labels)]
    draw_layers(folder / "layers.png", labels, spatial_layers(taps))
    for name, picture in PICTURES.items():
        path = folder / f"{name}.png"
        picture.draw(path, scene) if name in pictures else path.unlink(missing_ok=True)
    report = {
        "network": network,
        "sample": {
            "split": split,
            "sources": sorted({store.source_names[store.source[one.index]] for one in drawn}),
            "games": games,
            "positions": positions,
            "seed": seed,
        },
        "game": game_name,
        "pictures": pictures,
        "labels": labels,
    }
    notes = notes_about(page.read_text(encoding="utf-8"), network["sha256"]) if page.exists() else ""
    _write(folder / JSON_NAME, json.dumps(report, indent=1) + "\n")
    _write(page, page_text(report, folder.name, notes))
    return [page, folder / JSON_NAME, *(folder / f"{name}.png" for name in ("layers", *pictures))]


def _check_game(game: Game, name: str, features: FeatureSet) -> None:
    """Raise BadRecord if the pictures cannot be drawn of a game."""
    if game.size != MAX_SIZE or game.ply < FEWEST_MOVES:
        found = f"{game.ply} moves on {game.size}x{game.size}"
        raise BadRecord(f"the pictures need {FEWEST_MOVES} moves or more on 19x19, not {found}", name)
    try:
        ko_pair(game, features)
    except BadRecord as error:
        raise BadRecord(error.value, name) from None


def _describe_network(policy: Policy) -> dict[str, Any]:
    """Which network this is: SHA-256, feature set, and, if the file tells, the preset and samples of its training."""
    try:
        training = dict(json.loads(policy.metadata.get("training", "{}")))
    except (TypeError, ValueError):
        raise BadNetwork(policy.path, "metadata entry training is not a JSON object") from None
    return {
        "sha256": sha256(policy.path.read_bytes()).hexdigest(),
        "features": str(policy.features),
        "preset": training.get("preset"),
        "samples": training.get("samples"),
    }


def _finite(value: Any) -> Any:
    """Return the same with None for NaN, which JSON does not have, and numbers rounded to 6 decimals."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(one) for one in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _write(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
