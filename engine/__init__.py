"""Shicho's engine: board, game, ladders, feature planes, the network run with ONNX Runtime, and the choice of a move.

Start reading at `game` (a position with its history) and `player` (how a move is chosen).
"""

from shicho.engine.board import Board, Chain, Ladder
from shicho.engine.colour import Colour
from shicho.engine.coords import PASS
from shicho.engine.game import Game, Move
from shicho.engine.rules import HandicapCompensation, KoRule, Rules, Scoring
from shicho.engine.scoring import Score

__all__ = [
    "PASS",
    "Board",
    "Chain",
    "Colour",
    "Game",
    "HandicapCompensation",
    "KoRule",
    "Ladder",
    "Move",
    "Rules",
    "Score",
    "Scoring",
]
