"""The inner layers of a network, in a file that was exported with taps (`shicho export --taps`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig, BadNetwork, brief
from shicho.engine.game import Game
from shicho.engine.policy import Policy
from shicho.engine.symmetry import board_part


@dataclass(frozen=True)
class Layer:
    """An inner layer: its name, its number of channels, and whether these have a value for each point or only one."""

    name: str
    channels: int
    by_point: bool

    def channel(self, number: int) -> int:
        """Return the number of a channel; raises BadConfig if there is no such channel."""
        if not 0 <= number < self.channels:
            raise BadConfig(f"channel {number} of {self.name}: there are 0 to {self.channels - 1}")
        return number


class Taps:
    """The inner layers of a loaded network. `layers`: by name, in the order of the network.

    Raises BadConfig for a network without taps and BadNetwork if the file lacks an output that its metadata name.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.layers: Mapping[str, Layer] = MappingProxyType({name: self._layer(name) for name in _tap_names(policy)})

    def layer(self, name: str) -> Layer:
        """Return the layer of that name; raises BadConfig if there is none."""
        if name not in self.layers:
            raise BadConfig(f"layer {brief(name)}: there are {', '.join(self.layers)}")
        return self.layers[name]

    def channels(self, game: Game, layer: str, to_play: Colour | None = None) -> NDArray[np.float32]:
        """Return all channels of a layer for the position of a game, `to_play` by default the side whose turn it is.

        float32 [C, size, size] for a layer with a value for each point, else [C]. Raises BadConfig for a layer that
        the network does not have and BadNetwork if a value is not finite.
        """
        packed = self.policy.features.compute_packed(game, to_play)
        values = self.policy.outputs(packed[None], [self.layer(layer).name])[layer][0]
        if not np.isfinite(values).all():
            raise BadNetwork(self.policy.path, f"gives no finite numbers in {layer} at ply {game.ply}")
        return np.asarray(values[board_part(game.size)] if values.ndim == 3 else values)

    def boards(self, game: Game, layer: str) -> NDArray[np.float32]:
        """Return the channels of a layer that has a value for each point, float32 [C, size, size]; raises BadConfig."""
        if not self.layer(layer).by_point:
            raise BadConfig(f"layer {layer} has a number for each channel, not a board")
        return self.channels(game, layer)

    def _layer(self, name: str) -> Layer:
        match self.policy.output_shapes.get(name):
            case (int(channels),):
                return Layer(name, channels, by_point=False)
            case (int(channels), 19, 19):
                return Layer(name, channels, by_point=True)
        raise BadNetwork(self.policy.path, f"no output {brief(name)} of shape [N, C] or [N, C, 19, 19]")


def _tap_names(policy: Policy) -> list[str]:
    try:
        names = json.loads(policy.metadata["taps"])
    except KeyError:
        raise BadConfig(f"{policy.path} has no taps; `shicho export --taps` writes a network that has") from None
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadNetwork(policy.path, f"taps are not a list of names: {brief(policy.metadata['taps'])}")
    return names
