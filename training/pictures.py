"""Functions shared by all pictures; matplotlib is imported when one is drawn."""

from pathlib import Path
from typing import TYPE_CHECKING

from shicho.engine.errors import BadConfig
from shicho.engine.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def check_picture(path: Path) -> None:
    """Raise BadConfig if matplotlib is not installed or cannot write a file with this suffix."""
    known = new_figure(1, 1).canvas.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in known:
        raise BadConfig(f"{path}: the name must end in one of {', '.join(sorted(known))}")


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of this size in inches. Raises BadConfig if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise BadConfig("pictures need matplotlib: pip install 'shicho[picture]'") from None
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: "Figure", path: Path, *, dpi: int = 110, metadata: dict[str, str] | None = None) -> None:
    """Write a figure; the suffix decides on the format. Raises BadConfig for one that matplotlib lacks."""
    check_picture(path)
    with replacing(path) as beside:
        figure.savefig(beside, dpi=dpi, metadata=metadata)


def label_samples(axes: "Axes") -> None:
    """Label the horizontal axis with samples, in thousands or millions."""
    axes.set_xlabel("samples")
    axes.tick_params(axis="x", labelbottom=True)
    axes.xaxis.set_major_formatter(lambda samples, _: short_count(samples))


def short_count(number: float) -> str:
    """Return a number as `500`, `20 k` or `1.5 M`."""
    for unit, text in ((1e6, " M"), (1e3, " k")):
        if number >= unit:
            return f"{number / unit:g}{text}"
    return f"{number:g}"
