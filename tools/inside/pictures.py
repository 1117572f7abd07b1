"""The pictures of docs/inside.md: the best channels in positions that show what they detect."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from shicho.engine import Game
from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE, point_to_vertex
from shicho.engine.palette import signed_colours
from shicho.engine.status import final_status
from shicho.engine.taps import Taps
from shicho.tools.inside import positions
from shicho.tools.inside.positions import Diagram
from shicho.tools.picture.board import HALO
from shicho.tools.picture.pages import shrink
from shicho.tools.picture.sheet import draw_small_map, largest_magnitude, new_sheet
from shicho.training.pictures import save_figure

Row = Mapping[str, Any]
"""A channel as `detectors.find_detectors` lists it: layer, number, pooled and correlations."""

_BOARD_INCHES: Final = 2.4
_COLOURS: Final = 160
_OPACITY: Final = 0.9
_OWNER_SHADE: Final = 0.5
_STRIP: Final = 5
_STEP: Final = 5
_OPENING: Final = 20

FEWEST_MOVES: Final = 60
"""How many moves the game of the pictures has at least."""


@dataclass(frozen=True)
class Scene:
    """The content of pictures: the network, the game shown, and for each label its channels, the best first."""

    taps: Taps
    game: Game
    best: Mapping[str, Sequence[Row]]

    def channels(self, *labels: str) -> list[Row]:
        """Return the best channel of each of the labels that have one."""
        return [self.best[label][0] for label in labels if self.best[label]]


@dataclass(frozen=True)
class _Panel:
    """A board: a title, stones, values whose strongest colours stand for `scale`, and points with a ring."""

    title: str
    stones: NDArray[np.uint8]
    values: NDArray[np.floating]
    scale: float
    marked: tuple[int, ...] = ()


def draw_layers(path: Path, found: Sequence[Mapping[str, Any]], layers: Sequence[str]) -> None:
    """Draw for every label and layer how the layer's best channel correlates with it, in the order of `layers`."""
    figure = Figure(figsize=(0.5 * len(layers) + 1.6, 0.36 * len(found) + 1.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    colours = np.full((len(found), len(layers), 3), 255, np.uint8)
    for line, one in enumerate(found):
        for row in (one["plane"], *one["layers"]):
            if row and row["r"] is not None:
                column = layers.index(row["layer"])
                colours[line, column] = _shade(abs(row["r"]))
                axes.text(
                    column, line, f"{abs(row['r']):.2f}\n#{row['number']}", ha="center", va="center", fontsize=5.5
                )
    axes.imshow(colours, aspect="auto")
    axes.set_xticks(range(len(layers)), layers, rotation=60, ha="left", rotation_mode="anchor", fontsize=7)
    axes.set_yticks(range(len(found)), [one["label"] for one in found], fontsize=8)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    figure.suptitle("|correlation| of the best channel of each layer, and its number", fontsize=9)
    _save(figure, path)


def draw_ko(path: Path, scene: Scene) -> None:
    """Draw a position with and without the ban of a ko, all else equal."""
    banned, free, point = positions.ko_pair(scene.game, scene.taps.policy.features)
    title = f"Ring: the point of the ban. {_policy(scene.taps, (banned, free), point)}"
    _draw_pair(path, scene.taps, scene.channels("ko point", "ko", "recent ko"), (banned, free), title, point)


def draw_ladder(path: Path, scene: Scene) -> None:
    """Draw a ladder that captures, and one that a white stone on its path breaks."""
    pair = positions.ladder_pair(scene.taps.policy.features)
    title = f"Ring: the stone in the ladder. {_policy(scene.taps, pair, positions.LADDER_MOVE)}"
    _draw_pair(path, scene.taps, scene.best["ladder"][:2], pair, title, positions.LADDER_STONE)


def draw_far_eye(path: Path, scene: Scene) -> None:
    """Draw a long chain with an eye at its far end, and without."""
    pair = positions.far_eye_pair(scene.taps.policy.features)
    rows = scene.channels("far eye", "own stone lost")
    _draw_pair(path, scene.taps, rows, pair, "Ring: the near eye", positions.NEAR_EYE)


def draw_last_move(path: Path, scene: Scene) -> None:
    """Draw the channels of the last move, the distance to it, and the next move, in the opening and later."""
    rows = scene.channels("last move", "distance to last move", "next move")
    panels = []
    for ply in (_OPENING, scene.game.ply // 2):
        game = scene.game.earlier(ply)
        shown = Diagram.of(game, scene.taps.policy.features, f"move {ply}")
        panels += [_panel(scene.taps, shown, row, marked=(game.moves[-1].point,)) for row in rows]
    _draw_panels(path, panels, len(rows), "A ring marks the last move")


def draw_lost_stones(path: Path, scene: Scene) -> None:
    """Draw the channels of stones that will be lost, and who owns the points at the end."""
    game = scene.game.earlier(scene.game.ply * 4 // 5)
    shown = Diagram.of(game, scene.taps.policy.features, f"move {game.ply}")
    rows = scene.channels("own stone lost", "opponent's stone lost")
    owner = _owner(scene.game, game.to_play)
    panels = [_panel(scene.taps, shown, row) for row in rows]
    panels.append(_Panel(f"at the end\n{_title(game.to_play)}'s points yellow", shown.stones, _OWNER_SHADE * owner, 1))
    _draw_panels(path, panels, len(panels), f"After move {game.ply}, {_title(game.to_play)} to play")


def draw_urgency(path: Path, scene: Scene) -> None:
    """Draw the channels of urgency where the network is surest of its move and where it is least sure."""
    rows = scene.channels("sureness", "answered nearby")
    games = [scene.game.earlier(ply) for ply in range(_OPENING, scene.game.ply, _STEP)]
    sureness = [
        float(one.probabilities.max()) for one in scene.taps.policy.evaluate_all([(g, g.to_play) for g in games])
    ]
    panels = []
    for index in (int(np.argmax(sureness)), int(np.argmin(sureness))):
        game = games[index]
        shown = Diagram.of(game, scene.taps.policy.features, f"move {game.ply}, sure to {sureness[index]:.0%}")
        panels += [_panel(scene.taps, shown, row, marked=(game.moves[-1].point,)) for row in rows]
    _draw_panels(path, panels, len(rows), "A ring marks the last move")


def draw_territory(path: Path, scene: Scene) -> None:
    """Draw the channel of territory through a game, always for Black to play, and who owns the points at the end."""
    row, features = scene.best["territory"][0], scene.taps.policy.features
    shown = []
    for part in range(1, _STRIP + 1):
        game = scene.game.earlier(scene.game.ply * part // _STRIP)
        shown.append(Diagram.of(game, features, f"move {game.ply}", Colour.BLACK))
    values = [positions.channel_values(scene.taps, one, row) for one in shown]
    scale = largest_magnitude(values)
    panels = [_Panel(one.caption, one.stones, board, scale) for one, board in zip(shown, values, strict=True)]
    side = Colour.BLACK if row["selection_r"] > 0 else Colour.WHITE
    owner = _OWNER_SHADE * _owner(scene.game, side)
    panels.append(_Panel(f"at the end: {_title(side)}'s points yellow", shown[-1].stones, owner, 1))
    _draw_panels(path, panels, 3, f"{_name(row)}, Black to play")


def draw_phase(path: Path, scene: Scene) -> None:
    """Draw the channels of the number of moves played through a game, Black to play, pooled as the label's."""
    figure = Figure(figsize=(6.4, 3), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    plies = list(range(0, scene.game.ply + 1, _STEP))
    features = scene.taps.policy.features
    shown = [Diagram.of(scene.game.earlier(ply), features, "", Colour.BLACK) for ply in plies]
    for row in scene.best["moves played"][:3]:
        values = [_pooled(positions.channel_values(scene.taps, one, row), row["pooled"]) for one in shown]
        axes.plot(plies, values, label=_name(row), linewidth=1.2)
    axes.set(xlabel="moves played", ylabel="mean or maximum over the board")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    _save(figure, path)


@dataclass(frozen=True)
class Picture:
    """A picture: what it shows, and the labels whose best channels it shows; without one of each it is not drawn."""

    caption: str
    labels: tuple[str, ...]
    draw: Callable[[Path, Scene], None]


PICTURES: Final[Mapping[str, Picture]] = MappingProxyType(
    {
        "ko": Picture(
            "A position of the game with its ko ban and without; nothing else differs. Right: the difference.",
            ("ko", "ko point", "recent ko"),
            draw_ko,
        ),
        "phase": Picture(
            "The three best channels through the game, before moves of Black.", ("moves played",), draw_phase
        ),
        "last-move": Picture(
            "The best channels of the last move, of the distance to it and of the next move, in the opening and later.",
            ("last move", "distance to last move", "next move"),
            draw_last_move,
        ),
        "urgency": Picture(
            "The best channels of the first two labels where the network is surest of its move, and where least.",
            ("sureness", "answered nearby"),
            draw_urgency,
        ),
        "territory": Picture(
            "The best channel through the game, and whom playouts give the points after its last move.",
            ("territory",),
            draw_territory,
        ),
        "lost-stones": Picture(
            "The best channels of own and of opponent's lost stones, and whom playouts give the points at the end.",
            ("own stone lost", "opponent's stone lost"),
            draw_lost_stones,
        ),
        "far-eye": Picture(
            "A chain with an eye at its right end, and with an outside liberty in its place, so that the number of its"
            " liberties is the same and no ladder captures it. Right: the difference. What a channel knows of the far"
            " eye is a difference at the left. Above the best channel of far eyes, below that of own lost stones.",
            ("far eye", "own stone lost"),
            draw_far_eye,
        ),
        "ladder": Picture(
            "A ladder that captures, one that a white stone on its path breaks, and the difference. That stone stands"
            " elsewhere in the first position, so values near it differ anyway: compare those at the ring, the stone in"
            " the ladder.",
            ("ladder",),
            draw_ladder,
        ),
    }
)
"""The pictures of positions by name, in the order of the page."""


def _draw_pair(
    path: Path, taps: Taps, rows: Sequence[Row], pair: tuple[Diagram, Diagram], title: str, point: int
) -> None:
    """Draw for each channel two positions and their difference, with a ring around a point and what changes there."""
    panels = []
    for row in rows:
        first, second = (positions.channel_values(taps, shown, row) for shown in pair)
        scale, change = largest_magnitude([first, second]), first - second
        for shown, values in zip(pair, (first, second), strict=True):
            panels.append(_Panel(f"{_name(row)}\n{shown.caption}", shown.stones, values, scale, (point,)))
        said = f"difference: {change.min():.2g} to {change.max():.2g}\nat the ring {change.flat[point]:.2g}"
        panels.append(_Panel(said, pair[0].stones, change, largest_magnitude([change]), (point,)))
    _draw_panels(path, panels, 3, title)


def _policy(taps: Taps, pair: tuple[Diagram, Diagram], point: int) -> str:
    """Return the network's probability of a move in two positions, in words."""
    shares = (f"{positions.probability(taps, shown, point):.1%} {shown.caption}" for shown in pair)
    return f"Probability of {point_to_vertex(point, MAX_SIZE)}: {', '.join(shares)}"


def _panel(taps: Taps, shown: Diagram, row: Row, marked: tuple[int, ...] = ()) -> _Panel:
    values = positions.channel_values(taps, shown, row)
    pooled = f" = {_pooled(values, row['pooled']):.2f}" if row["pooled"] else ""
    return _Panel(f"{_name(row)}{pooled}\n{shown.caption}", shown.stones, values, largest_magnitude([values]), marked)


def _draw_panels(path: Path, panels: Sequence[_Panel], columns: int, title: str) -> None:
    figure, boards = new_sheet(len(panels), columns, title, _BOARD_INCHES)
    for axes, panel in zip(boards, panels, strict=True):
        draw_small_map(axes, panel.stones, signed_colours(panel.values, panel.scale), _OPACITY)
        axes.set_title(panel.title, fontsize=7.5, pad=3)
        _draw_rings(axes, panel)
    _save(figure, path)


def _draw_rings(axes: Axes, panel: _Panel) -> None:
    for point in panel.marked:
        if point < panel.stones.size:
            row, column = divmod(point, len(panel.stones))
            ring = axes.scatter(column, row, s=60, facecolors="none", edgecolors="black", linewidths=1.2, zorder=4)
            ring.set_path_effects(HALO)


def _save(figure: Figure, path: Path) -> None:
    save_figure(figure, path)
    shrink(path, _COLOURS)


def _owner(game: Game, side: Colour) -> NDArray[np.float32]:
    """Return who is expected to own each point at the end of a game: 1 that side, -1 the other."""
    owner = final_status(game.board).owner
    return owner if side is Colour.BLACK else -owner


def _pooled(values: NDArray[np.floating], pooled: str) -> float:
    return float(values.mean() if pooled == "mean" else values.max())


def _title(side: Colour) -> str:
    return str(side).capitalize()


def _name(row: Row) -> str:
    pooled = f", {row['pooled']}" if row["pooled"] else ""
    return f"{row['layer']} #{row['number']}{pooled}"


def _shade(share: float) -> NDArray[np.uint8]:
    """Return a colour from white for 0 to a strong orange for 1."""
    white, full = np.array([255, 255, 255]), np.array([240, 120, 30])
    colour: NDArray[np.uint8] = np.rint(white + (full - white) * share).astype(np.uint8)
    return colour
