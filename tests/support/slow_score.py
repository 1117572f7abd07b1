"""Counting on the slow board, point by point from the definitions: the reference for shicho.engine.scoring."""

from collections.abc import Iterable

from tests.support.slow_board import BLACK, EMPTY, WHITE, SlowBoard, neighbours


def chains_of(board: SlowBoard, stones: Iterable[int]) -> set[int]:
    """Return all stones of the chains of the given stones."""
    return {stone for given in stones for stone in board.chain(given).stones}


def without(board: SlowBoard, dead: set[int]) -> SlowBoard:
    """Return the board without the dead stones."""
    return SlowBoard(board.size, {point: colour for point, colour in board.stones.items() if point not in dead})


def surrounded(board: SlowBoard, seki: set[int]) -> dict[int, int]:
    """Return the owners of empty regions whose adjacent stones have one colour and are not in `seki`."""
    owner = {}
    for region in board.regions({EMPTY}):
        beside = {near for point in region for near in neighbours(board.size)[point]} - region
        colours = {board.stones[stone] for stone in beside}
        if len(colours) == 1 and not beside & seki:
            owner.update(dict.fromkeys(region, colours.pop()))
    return owner


def area(board: SlowBoard, dead: Iterable[int] = ()) -> tuple[int, int]:
    """Return the area (stones and surrounded points) of black and of white."""
    settled = without(board, chains_of(board, dead))
    owners = [*settled.stones.values(), *surrounded(settled, set()).values()]
    return owners.count(BLACK), owners.count(WHITE)


def territory(board: SlowBoard, dead: Iterable[int] = (), seki: Iterable[int] = ()) -> tuple[int, int, int, int]:
    """Return the surrounded points of black and of white, then their prisoners."""
    gone, in_seki = chains_of(board, dead), chains_of(board, seki)
    owners = list(surrounded(without(board, gone), in_seki - gone).values())
    dead_colours = [board.stones[stone] for stone in gone]
    by_black, by_white = board.captures
    return (
        owners.count(BLACK),
        owners.count(WHITE),
        by_black + dead_colours.count(WHITE),
        by_white + dead_colours.count(BLACK),
    )
