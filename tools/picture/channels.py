"""Pictures of what goes on inside a network: the channels of a layer, and one channel in the course of a game.

The colours are those of `shicho.engine.palette`: grey for 0, red to green above it, cyan to magenta below it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from shicho.engine.board import Board
from shicho.engine.files import replacing
from shicho.engine.palette import signed_colours
from shicho.tools.picture.board import LINES, WOOD, draw_stones, new_board_figure
from shicho.tools.picture.sheet import draw_small_map, largest_magnitude, new_sheet
from shicho.training.pictures import save_figure

_STONE_WIDTH = 0.5
_FRAME_DPI = 64
_GREYS = 32


@dataclass(frozen=True)
class Frame:
    """A channel at one moment of a game: float32 [size, size], the board, and the number of moves played."""

    values: NDArray[np.float32]
    board: Board
    ply: int


def save_channels(path: Path, board: Board, channels: NDArray[np.float32], title: str, scale: float | None) -> None:
    """Draw all channels of a layer, float32 [C, size, size], each on a small board with its number and range.

    Each has its own scale, the largest absolute value, unless one `scale` is given for all. Raises BadConfig for a
    suffix that matplotlib does not support.
    """
    figure, boards = new_sheet(len(channels), min(8, max(4, len(channels))), title)
    for number, (axes, values) in enumerate(zip(boards, channels, strict=True)):
        draw_small_map(
            axes, board.stones, signed_colours(values, largest_magnitude([values]) if scale is None else scale)
        )
        axes.set_title(f"{number}:  {_range(values)}", fontsize=6.5, pad=2)
    save_figure(figure, path)


def save_frames(
    path: Path, frames: Sequence[Frame], title: str, *, filmstrip: bool, scale: float | None, seconds: float
) -> None:
    """Draw a channel at one or more moments, all on one scale: by default the largest absolute value of all.

    As a `filmstrip` of small boards; else on a large board, whose moments a path that ends in .gif shows one after the
    other, each for that many seconds, and any other path only the first. Raises BadConfig for a suffix that is not
    supported.
    """
    strongest = largest_magnitude([frame.values for frame in frames]) if scale is None else scale
    if path.suffix.lower() == ".gif":
        _save_animation(path, frames, title, strongest, seconds)
    elif filmstrip:
        save_figure(_filmstrip_figure(frames, title, strongest), path)
    else:
        figure, axes, _ = _large_board(frames[0].board.size, _caption(title, frames[0]), strongest)
        _draw_frame(axes, frames[0], strongest)
        save_figure(figure, path)


def _range(values: NDArray[np.float32]) -> str:
    """Return the least and the largest value, with the decimals that show two digits of the larger of both."""
    largest = largest_magnitude([values])
    decimals = max(0, 1 - math.floor(math.log10(largest))) if largest > 0 else 0
    least, most = (round(float(value), decimals) + 0.0 for value in (values.min(), values.max()))
    return f"{least:.{decimals}f} to {most:.{decimals}f}"


def _filmstrip_figure(frames: Sequence[Frame], title: str, scale: float) -> Figure:
    figure, boards = new_sheet(len(frames), min(6, max(4, len(frames))), f"{title}; strongest colours at {scale:.2g}")
    for axes, frame in zip(boards, frames, strict=True):
        draw_small_map(axes, frame.board.stones, signed_colours(frame.values, scale))
        axes.set_title(f"move {frame.ply}:  {_range(frame.values)}", fontsize=6.5, pad=2)
    return figure


def _caption(title: str, frame: Frame) -> str:
    return f"{title}, after move {frame.ply}:  {_range(frame.values)}"


def _large_board(size: int, caption: str, scale: float) -> tuple[Figure, Axes, Text]:
    """Return a figure with an empty board, its axes and caption; below it are the colours from -scale to scale."""
    figure, axes = new_board_figure(caption, size)
    layout = figure.get_layout_engine()
    assert isinstance(layout, ConstrainedLayoutEngine)
    layout.set(rect=(0, 0.05, 1, 0.95))
    legend = figure.add_axes((0.14, 0.032, 0.72, 0.016))
    legend.imshow(signed_colours(np.linspace(-scale, scale, 512)[None], scale), aspect="auto", extent=(-1, 1, 0, 1))
    shares = (-1, -0.5, 0, 0.5, 1)
    legend.set_yticks([])
    legend.set_xticks(shares, [f"{share * scale:.2g}" for share in shares], fontsize=7)
    legend.tick_params(length=2, pad=1)
    return figure, axes, figure.suptitle(caption, fontsize=10)


def _draw_frame(axes: Axes, frame: Frame, scale: float) -> list[Artist]:
    """Draw the values and the stones on a large board, and return what was drawn."""
    return [
        axes.imshow(signed_colours(frame.values, scale), zorder=0.5),
        *draw_stones(axes, frame.board, _STONE_WIDTH),
    ]


def _save_animation(path: Path, frames: Sequence[Frame], title: str, scale: float, seconds: float) -> None:
    figure, axes, caption = _large_board(frames[0].board.size, _caption(title, frames[0]), scale)
    figure.set_dpi(_FRAME_DPI)
    canvas = FigureCanvasAgg(figure)
    palette = _palette()
    pictures = []
    for frame in frames:
        caption.set_text(_caption(title, frame))
        drawn = _draw_frame(axes, frame, scale)
        canvas.draw()  # type: ignore[no-untyped-call]
        figure.set_layout_engine("none")  # all frames keep the layout of the first
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
        pictures.append(pixels.quantize(palette=palette, dither=Image.Dither.NONE))
        for artist in drawn:
            artist.remove()
    with replacing(path) as beside:
        pictures[0].save(
            beside,
            format="gif",
            save_all=True,
            append_images=pictures[1:],
            duration=round(1000 * seconds),
            loop=0,
        )


def _palette() -> Image.Image:
    """Return the 256 colours of an animation: those of channels, greys for stones and text, and the board's."""
    greys = np.linspace(0, 255, _GREYS)[:, None].repeat(3, axis=1)
    others = np.concatenate([greys, 255 * to_rgba_array([WOOD, LINES])[:, :3]])
    values = signed_colours(np.linspace(-1, 1, 256 - len(others)), 1.0)
    image = Image.new("P", (1, 1))
    image.putpalette(np.concatenate([values, others]).round().astype(np.uint8).tobytes())
    return image
