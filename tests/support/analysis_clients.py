"""What KaTrain and Ogatak write to an analysis engine, and what they read from its answers.

Written after KaTrain's `core/engine.py` and `core/game_node.py` and Ogatak's `engine.js`, `query.js` and `node.js`.
"""

from typing import Any

Json = dict[str, Any]


def katrain_query(number: int, moves: list[list[str]], **changes: Any) -> Json:
    """The query that KaTrain sends for a node of its game tree."""
    size = changes.pop("size", 19)
    query = {
        "rules": "japanese",
        "priority": 0,
        "analyzeTurns": [len(moves)],
        "maxVisits": 500,
        "komi": 6.5,
        "boardXSize": size,
        "boardYSize": size,
        "includeOwnership": True,
        "includeMovesOwnership": True,
        "includePolicy": True,
        "initialStones": [],
        "initialPlayer": "B",
        "moves": moves,
        "overrideSettings": {"reportAnalysisWinratesAs": "BLACK", "maxTime": 8.0, "wideRootNoise": 0.04},
        "id": f"QUERY:{number}",
        "reportDuringSearchEvery": 1,
    }
    return {**query, **changes}


def katrain_terminate(number: int, other: int) -> Json:
    return {"action": "terminate", "terminateId": f"QUERY:{other}", "id": f"QUERY:{number}"}


def katrain_moves(analysis: Json, next_player: str) -> list[Json]:
    """KaTrain's candidates: each with the points and the win rate that it loses, from black's point of view."""
    root, sign = analysis["rootInfo"], {"B": 1, "W": -1}[next_player]
    best = next(move["scoreLead"] for move in analysis["moveInfos"] if move["order"] == 0)
    moves = [
        {
            **move,
            "pointsLost": sign * (root["scoreLead"] - move["scoreLead"]),
            "relativePointsLost": sign * (best - move["scoreLead"]),
            "winrateLost": sign * (root["winrate"] - move["winrate"]),
        }
        for move in analysis["moveInfos"]
    ]
    return sorted(moves, key=lambda move: (move["order"], move["pointsLost"]))


def katrain_policy(analysis: Json, size: int) -> list[tuple[float, str]]:
    """KaTrain's ranking of the policy: (probability, vertex). Its grid has the lower left corner first."""
    values, ranking = iter(analysis["policy"]), []
    for row in range(size, 0, -1):
        ranking += [(next(values), f"{column}{row}") for column in "ABCDEFGHJKLMNOPQRST"[:size]]
    ranking.append((next(values), "pass"))
    assert next(values, None) is None
    return sorted(ranking, key=lambda pair: -pair[0])


def ogatak_query(number: int, moves: list[list[str]], **changes: Any) -> Json:
    """The query that Ogatak sends for a node."""
    query: Json = {
        "id": f"node_{number}:{number}",
        "rules": "Chinese",
        "komi": 7.5,
        "boardXSize": 19,
        "boardYSize": 19,
        "maxVisits": 1000000,
        "reportDuringSearchEvery": 0.1,
        "includeOwnership": True,
        "includeMovesOwnership": True,
        "overrideSettings": {"reportAnalysisWinratesAs": "SIDETOMOVE", "wideRootNoise": 0},
        "initialStones": [],
        "moves": moves,
    }
    if not moves:
        query["initialPlayer"] = "B"
    return {**query, **changes}


def ogatak_shows(analysis: Json, active: str) -> list[str]:
    """Check what Ogatak requires of an analysis; return the texts that it draws for its moves, pass left out."""
    root, infos = analysis["rootInfo"], analysis["moveInfos"]
    assert not analysis.get("noResults")
    assert infos
    assert root["currentPlayer"].lower() == active
    shown = []
    for info in infos:
        if info["move"] != "pass" and (info["order"] == 0 or info["visits"] > root["visits"] * 0.02):
            shares = (info["winrate"], info["lcb"], info["visits"] / root["visits"], info["prior"])
            shown.append(" ".join(f"{100 * share:.0f}" for share in shares) + f" {info['scoreLead']:+.1f}")
            assert isinstance(info["pv"], list)
    return shown


BAD_FIELDS: list[tuple[str, Any]] = [
    ("boardXSize", 1),
    ("boardXSize", 20),
    ("boardXSize", "19"),
    ("boardXSize", True),
    ("boardYSize", 13),
    ("rules", "stone_scoring"),
    ("rules", 7),
    ("rules", {"ko": "NONE"}),
    ("rules", {"hasButton": True}),
    ("komi", 6.25),
    ("komi", 401),
    ("komi", "6.5"),
    ("whiteHandicapBonus", "2"),
    ("whiteHandicapBonus", []),
    ("moves", None),
    ("moves", [["B"]]),
    ("moves", [["X", "Q16"]]),
    ("moves", [["B", "I5"]]),
    ("moves", [["B", "Q16"], ["W", "Q16"]]),
    ("moves", [["B", 5]]),
    ("initialStones", [["B", "pass"]]),
    ("initialStones", [["B", "A1"], ["W", "A2"], ["W", "B1"]]),
    ("initialPlayer", "black?"),
    ("initialPlayer", 1),
    ("analyzeTurns", []),
    ("analyzeTurns", [5]),
    ("analyzeTurns", [-1]),
    ("analyzeTurns", ["0"]),
    ("analyzeTurns", [True]),
    ("maxVisits", 0),
    ("maxVisits", 1.5),
    ("analysisPVLen", 0),
    ("rootPolicyTemperature", 0),
    ("rootFpuReductionMax", 3),
    ("includeOwnership", 1),
    ("includePolicy", None),
    ("includeMovesOwnership", "true"),
    ("includePVVisits", []),
    ("reportDuringSearchEvery", 0),
    ("priority", 10**30),
    ("priority", 0.5),
    ("overrideSettings", []),
    ("overrideSettings", {"reportAnalysisWinratesAs": "RED"}),
    ("avoidMoves", {}),
    ("avoidMoves", [{"player": "B", "moves": ["A1"]}]),
    ("allowMoves", [{"player": "B", "moves": ["A1"], "untilDepth": 1}] * 2),
]
"""Fields of a query with values that an analysis engine refuses, for the moves of an opening of four on 19x19."""
