"""The colours of values."""

import colorsys

import numpy as np
import pytest

from shicho.engine.palette import hex_colour, probability_colours, signed_colours


def hue_lightness_saturation(value: float, scale: float = 1.0) -> tuple[float, float, float]:
    """In degrees, 0 to 1 and 0 to 1, by the standard library."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(signed_colours(value, scale) / 255))
    return 360 * hue, lightness, saturation


def test_zero_is_grey_and_small_values_are_full_of_colour() -> None:
    for value in (0.0, -0.0):
        red, green, blue = signed_colours(value, 1.0).tolist()
        assert red == green == blue
    saturations = [hue_lightness_saturation(value)[2] for value in (0.0, 0.03, 0.06, 0.1, 0.15, 0.5, 1.0)]
    assert saturations == sorted(saturations)
    assert min(saturations[4:]) > 0.98


@pytest.mark.parametrize(("sign", "weak", "strong"), [(1, 0, 120), (-1, 180, 300)])
def test_signs_have_their_own_hues(sign: int, weak: float, strong: float) -> None:
    """Red to green for positive values, cyan to magenta for negative ones, lighter when strong."""
    seen = np.array([hue_lightness_saturation(sign * value) for value in np.linspace(0.15, 1, 40)])
    assert seen[0, 0] == pytest.approx(weak, abs=2)
    assert seen[-1, 0] == pytest.approx(strong, abs=2)
    assert (np.diff(seen[:, 0]) > 0).all()
    assert (np.diff(seen[:, 1]) > -0.003).all()
    assert seen[-1, 1] > seen[0, 1] + 0.2


def test_the_scale() -> None:
    values = np.array([[-3.0, 0.5], [1.5, 3.0]])
    assert signed_colours(values, 3.0).shape == (2, 2, 3)
    assert (signed_colours(values, 3.0) == signed_colours(values / 3, 1.0)).all()
    assert (signed_colours(5.0, 3.0) == signed_colours(3.0, 3.0)).all()
    flat = signed_colours(np.zeros(4), 0.0)
    assert (flat == flat[0, 0]).all()


def test_probabilities() -> None:
    colours = [hex_colour(probability_colours(value)) for value in (0.0, 0.6, 1.0)]
    assert colours == ["#3D85C6", "#CC0000", "#CC0000"]
    greens = probability_colours(np.linspace(0, 0.6, 50)[None])
    assert greens.shape == (1, 50, 3)
    assert (np.diff(greens[0, 30:, 1].astype(int)) <= 0).all()


def test_hex() -> None:
    assert hex_colour([0, 10, 255]) == "#000AFF"
