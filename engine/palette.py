"""Colours for numbers on a board, the same in pictures, in GoGui and in a browser.

`signed_colours` is for values of either sign, such as a network's channels, `probability_colours` for probabilities.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FULL_COLOUR_AT: Final = 0.15
_POSITIVE_HUES: Final = (0.0, 120.0)
_NEGATIVE_HUES: Final = (180.0, 300.0)
_LIGHTNESS: Final = (0.45, 0.72)
_HOTTEST: Final = 0.6
_HEAT: Final = np.array([(0x3D, 0x85, 0xC6), (0x6A, 0xA8, 0x4F), (0xF1, 0xC2, 0x32), (0xCC, 0x00, 0x00)], np.float64)


def signed_colours(values: ArrayLike, scale: float) -> NDArray[np.uint8]:
    """Return red, green and blue (0 to 255) for each value: uint8 [..., 3] from numbers [...].

    0 is grey. Up to 15 % of `scale` the colour becomes full: red for positive values, cyan for negative ones. From
    there to `scale` positive values run over yellow to green, negative ones over blue to magenta, and both become
    lighter. Values beyond `scale` look like it. Everything is grey if `scale` is 0. The GoNN baseline's pictures of its
    channels have such colours.
    """
    numbers = np.asarray(values, np.float64)
    strength = np.clip(np.abs(numbers) / scale, 0, 1) if scale > 0 else np.zeros_like(numbers)
    saturation = np.minimum(1, strength / _FULL_COLOUR_AT)
    along = np.maximum(0, strength - _FULL_COLOUR_AT) / (1 - _FULL_COLOUR_AT)
    hue = np.where(numbers < 0, _between(_NEGATIVE_HUES, along), _between(_POSITIVE_HUES, along))
    return _from_hsl(hue, saturation, _between(_LIGHTNESS, along))


def probability_colours(probabilities: ArrayLike) -> NDArray[np.uint8]:
    """Return red, green and blue (0 to 255), uint8 [..., 3], from blue for 0 over green and yellow to red for 60 %."""
    place = np.sqrt(np.clip(np.asarray(probabilities, np.float64) / _HOTTEST, 0, 1)) * (len(_HEAT) - 1)
    below = np.minimum(place.astype(int), len(_HEAT) - 2)
    part = (place - below)[..., None]
    return _bytes(_HEAT[below] * (1 - part) + _HEAT[below + 1] * part)


def hex_colour(colour: ArrayLike) -> str:
    """Return "#RRGGBB" for one colour, three numbers from 0 to 255."""
    red, green, blue = np.asarray(colour, np.uint8).tolist()
    return f"#{red:02X}{green:02X}{blue:02X}"


def _between(ends: tuple[float, float], along: NDArray[np.float64]) -> NDArray[np.float64]:
    return ends[0] + (ends[1] - ends[0]) * along


def _from_hsl(
    hue: NDArray[np.float64], saturation: NDArray[np.float64], lightness: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Return colours uint8 [..., 3] from hue (degrees), saturation and lightness (0 to 1), as CSS defines them."""
    place = (np.array([0.0, 8.0, 4.0]) + hue[..., None] / 30) % 12
    wave = np.clip(np.minimum(place - 3, 9 - place), -1, 1)
    amplitude = (saturation * np.minimum(lightness, 1 - lightness))[..., None]
    return _bytes(255 * (lightness[..., None] - amplitude * wave))


def _bytes(colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = np.rint(colours).astype(np.uint8)
    return rounded
