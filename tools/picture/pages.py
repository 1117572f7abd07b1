"""The documentation page of a feature set: a table of its planes, and a picture of every plane in one position."""

from pathlib import Path

from PIL import Image

from shicho.engine.features import FEATURE_SETS, FeatureSet
from shicho.engine.files import replacing
from shicho.engine.game import Game
from shicho.tools.picture.planes import save_planes

COLOURS = 32


def save_pages(folder: Path, game: Game, position: str) -> list[Path]:
    """Write NAME.md and NAME.png for every feature set and return the paths of the pages.

    `position` describes the position of `game` in the captions.
    """
    pages = []
    for features in FEATURE_SETS.values():
        page = folder / f"{features.name}.md"
        save_planes(page.with_suffix(".png"), game, features, f"{features} on {position}")
        _shrink(page.with_suffix(".png"))
        with replacing(page) as beside:
            beside.write_text(page_text(features, position), encoding="utf-8")
        pages.append(page)
    return pages


def _shrink(picture: Path) -> None:
    """Reduce a .png file to 32 colours, which makes it five times smaller without a visible difference."""
    with Image.open(picture) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    with replacing(picture) as beside:
        few.save(beside, optimize=True)


def page_text(features: FeatureSet, position: str) -> str:
    """Return the page of a feature set as Markdown."""
    lines = [
        "<!-- Made by `make pages` from engine/features.py: change it there. -->",
        f"# Feature set `{features.name}`, version {features.version}",
        "",
        f"{features.about} {len(features)} binary planes, seen by the side to move. Boards smaller than 19×19 lie in"
        " the middle; off the board all planes are 0.",
        "",
        "| plane | name | 1 where |",
        "|---|---|---|",
        *(f"| {plane.index} | `{plane.name}` | {plane.meaning} |" for plane in features.planes),
        "",
        f"Every plane on {position}: red where it is 1; the names of planes that are 0 everywhere are grey.",
        "",
        f"![{len(features)} small boards, one for each plane]({features.name}.png)",
    ]
    return "\n".join(lines) + "\n"
