"""Three ways to write a point, and the conversions between them.

A *point* is row * size + column with row 0 at the top; pass is size * size. A *vertex* is GTP's text (GTP 2
specification, section 2.11: columns A to T without I, row 1 at the bottom, "pass"). SGF (FF[4], Go) writes column and
row as letters from the top left.
"""

from shicho.engine.errors import BadVertex, brief
from shicho.engine.numbers import whole_number

PASS = "pass"
MAX_SIZE = 19
COLUMNS = "ABCDEFGHJKLMNOPQRST"


def vertex_to_point(vertex: str, size: int) -> int:
    """Return the point of a GTP vertex (case is ignored), size * size for "pass"; raises BadVertex off the board."""
    text = vertex.upper() if isinstance(vertex, str) else ""
    if text == "PASS":
        return size * size
    column, digits = COLUMNS.find(text[:1]), text[1:]
    if text and column >= 0 and digits.isascii() and digits.isdigit() and len(digits) <= 2:
        row = size - int(digits)
        if 0 <= row < size and column < size:
            return row * size + column
    raise BadVertex(f"not a vertex on {size}x{size}: {brief(vertex)}")


def point_to_vertex(point: int, size: int) -> str:
    """Return the GTP vertex of a point, "pass" for size * size; raises BadVertex off the board."""
    if point == size * size:
        return PASS
    row, column = divmod(_checked(point, size), size)
    return f"{COLUMNS[column]}{size - row}"


def sgf_to_point(value: str | bytes, size: int) -> int:
    """Return the point of an SGF move or stone value; raises BadVertex off the board.

    "" and "tt" are passes, as FF[4] has it for boards up to 19x19.
    """
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if text in ("", "tt"):
        return size * size
    if isinstance(text, str) and len(text) == 2:
        column, row = (ord(letter) - ord("a") for letter in text)
        if 0 <= row < size and 0 <= column < size:
            return row * size + column
    raise BadVertex(f"not an SGF point on {size}x{size}: {brief(text)}")


def point_to_sgf(point: int, size: int) -> str:
    """Return the SGF value of a point, "" for a pass; raises BadVertex off the board."""
    if point == size * size:
        return ""
    row, column = divmod(_checked(point, size), size)
    return chr(ord("a") + column) + chr(ord("a") + row)


def _checked(point: int, size: int) -> int:
    try:
        number = whole_number(point)
    except TypeError:
        number = -1
    if not 0 <= number < size * size:
        raise BadVertex(f"not a point on {size}x{size}: {brief(point)}")
    return number
