"""The protocol of KataGo's analysis engine: queries as KaTrain and Ogatak send them, and what their sources require."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shicho.engine import Colour, Game, Rules
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadNetwork
from shicho.engine.policy import Policy
from shicho.engine.status import final_status
from shicho.gtp.analysis_engine.answers import points_lead
from shicho.gtp.analysis_engine.queries import Perspective
from shicho.gtp.analysis_engine.server import BATCH, AnalysisServer
from tests.support.analysis_clients import (
    BAD_FIELDS,
    Json,
    katrain_moves,
    katrain_policy,
    katrain_query,
    katrain_terminate,
    ogatak_query,
    ogatak_shows,
)
from tests.support.networks import write_network

OPENING = [["B", "Q16"], ["W", "D4"], ["B", "C16"], ["W", "Q4"]]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return Policy(write_network(tmp_path_factory.mktemp("network") / "win.onnx", win=True), threads=1)


@pytest.fixture
def server(policy: Policy) -> AnalysisServer:
    return AnalysisServer(policy)


def send(server: AnalysisServer, *queries: Json) -> list[Json]:
    """The replies at once and after all work, as a client reads them."""
    replies = [reply for query in queries for reply in server.accept(json.dumps(query).encode())]
    while server.waiting:
        replies += server.work()
    return [json.loads(json.dumps(reply)) for reply in replies]


def analyse(server: AnalysisServer, query: Json) -> Json:
    (answer,) = (reply for reply in send(server, query) if "warning" not in reply)
    assert "error" not in answer, answer
    return answer


def error(server: AnalysisServer, query: Json) -> tuple[str, str]:
    """The field and the text of the one reply, an error."""
    (reply,) = send(server, query)
    assert reply["id"] == query["id"]
    return reply["field"], reply["error"]


def game_of(moves: list[list[str]], size: int = 19, rules: Rules | None = None) -> Game:
    game = Game(size, rules)
    for colour, vertex in moves:
        game.play(colour, vertex)
    return game


def test_katrain_reads_what_it_needs(server: AnalysisServer, policy: Policy) -> None:
    answer = analyse(server, katrain_query(1, OPENING))
    assert (answer["id"], answer["turnNumber"], answer["isDuringSearch"]) == ("QUERY:1", 4, False)
    game, root = game_of(OPENING, rules=Rules.named("japanese")), answer["rootInfo"]
    evaluation = policy.evaluate(game)
    assert root["winrate"] == pytest.approx(evaluation.to_play_win_probability, abs=1e-5)
    assert root["currentPlayer"] == "B"
    moves = katrain_moves(answer, "B")
    assert [move["order"] for move in moves] == list(range(len(moves)))
    assert moves[0]["visits"] == max(move["visits"] for move in moves) <= root["visits"]
    for move in moves:
        assert move["pv"][0] == move["move"]
        assert move["prior"] == pytest.approx(evaluation.probabilities[game.board.point(move["move"])], abs=1e-5)
        after = game_of([*OPENING, ["B", move["move"]]])
        assert move["winrate"] == pytest.approx(1 - policy.evaluate(after).to_play_win_probability, abs=1e-5)
        assert move["scoreLead"] == pytest.approx(points_lead(move["winrate"]), abs=0.01)
        assert move["winrateLost"] * move["pointsLost"] >= 0
    assert len(answer["ownership"]) == 361
    assert "ownership" not in moves[0]


def test_policy_order_is_katago_s(server: AnalysisServer, policy: Policy) -> None:
    for size in (9, 19):
        moves = [["B", "E5"], ["W", "pass"], ["B", "A1"]]
        answer = analyse(server, katrain_query(1, moves, size=size))
        game = game_of(moves, size)
        expected = policy.evaluate(game).probabilities
        ranking = dict((vertex, value) for value, vertex in katrain_policy(answer, size))
        for point, legal in enumerate(game.legal_mask("w").tolist()):
            value = ranking[point_to_vertex(point, size)]
            assert value == (pytest.approx(expected[point], abs=1e-5) if legal else -1)
        assert ranking["E5"] == ranking["A1"] == -1
        assert len(answer["policy"]) == size**2 + 1
        assert answer["policy"][-1] == pytest.approx(expected[-1], abs=1e-5)


def test_ownership_is_that_of_the_playouts_and_row_by_row_from_the_top(server: AnalysisServer) -> None:
    stones = [["B", f"{column}4"] for column in "ABCDEFG"] + [["W", f"{column}5"] for column in "ABCDEFG"]
    query = katrain_query(1, [], size=7, initialStones=stones)
    black = np.array(analyse(server, query)["ownership"]).reshape(7, 7)
    game = Game(7)
    game.set_up([(colour, vertex) for colour, vertex in stones])
    assert black == pytest.approx(final_status(game.board).owner, abs=1e-5)
    assert (black[:3] < 0).all()
    assert (black[3:] > 0).all()
    query["overrideSettings"] = {"reportAnalysisWinratesAs": "WHITE"}
    assert np.array(analyse(server, query)["ownership"]) == pytest.approx(-black.ravel())
    assert "ownership" not in analyse(server, {**query, "includeOwnership": False})


def test_perspectives(server: AnalysisServer, policy: Policy) -> None:
    reported = {}
    for side in Perspective:
        settings = {"reportAnalysisWinratesAs": side}
        reported[side] = analyse(server, katrain_query(1, OPENING[:3], overrideSettings=settings))
    assert reported["SIDETOMOVE"]["moveInfos"] == reported["WHITE"]["moveInfos"]
    for white, black in zip(reported["WHITE"]["moveInfos"], reported["BLACK"]["moveInfos"], strict=True):
        assert white["winrate"] == pytest.approx(1 - black["winrate"], abs=1e-5)
        assert white["scoreLead"] == pytest.approx(-black["scoreLead"], abs=1e-3)
    by_black = AnalysisServer(policy, perspective=Perspective.BLACK)
    assert analyse(by_black, katrain_query(1, OPENING[:3], overrideSettings={})) == reported["BLACK"]


def test_points_lead() -> None:
    assert points_lead(0.5) == 0
    assert points_lead(0.75) == pytest.approx(-points_lead(0.25))
    assert points_lead(0.75) == pytest.approx(15.4 * 3**0.5 / np.pi * np.log(3))
    assert points_lead(1) == -points_lead(0) == points_lead(0.999)


def test_ogatak_reads_what_it_needs(server: AnalysisServer) -> None:
    first, second = send(
        server,
        {"id": "query_version", "action": "query_version"},
        {"id": "test_bs29", "rules": "Chinese", "boardXSize": 29, "boardYSize": 29, "maxVisits": 1, "moves": []},
    )
    assert first["action"] == "query_version"
    assert len(first["version"].split(".")) == 3
    assert second["error"]
    assert second["id"] == "test_bs29"
    answer = analyse(server, ogatak_query(3, OPENING[:1]))
    assert ogatak_shows(answer, "w")
    assert analyse(server, ogatak_query(4, []))["rootInfo"]["currentPlayer"] == "B"
    assert analyse(server, ogatak_query(5, [], initialPlayer="W"))["rootInfo"]["currentPlayer"] == "W"


def test_katrain_s_extra_analyses(server: AnalysisServer) -> None:
    """Alternatives (other moves only), a region (both players kept to it), and a sweep (one move at a time)."""
    usual = {move["move"] for move in analyse(server, katrain_query(1, OPENING))["moveInfos"]}
    avoid = [{"moves": sorted(usual), "player": "B", "untilDepth": 1}]
    others = {move["move"] for move in analyse(server, katrain_query(2, OPENING, avoidMoves=avoid))["moveInfos"]}
    assert others
    assert not others & usual
    inside = {f"{column}{row}" for column in "ABC" for row in (1, 2, 3)}
    outside = [point_to_vertex(point, 19) for point in range(361) if point_to_vertex(point, 19) not in inside]
    region = [{"moves": outside, "player": player, "untilDepth": 1} for player in "BW"]
    found = analyse(server, katrain_query(3, OPENING, avoidMoves=region))["moveInfos"]
    assert {move["move"] for move in found} <= {*inside, "pass"}
    allow = [{"moves": ["K10", "C3"], "player": "B", "untilDepth": 1}]
    found = analyse(server, katrain_query(4, OPENING, allowMoves=allow))["moveInfos"]
    assert {move["move"] for move in found} <= {"K10", "C3"}
    swept = [["B", "K10"], ["B", "Q16"], ["B", "A19"]]
    queries = [
        katrain_query(5 + n, [*OPENING, move], includePolicy=False, includeOwnership=False, maxVisits=25)
        for n, move in enumerate(swept)
    ]
    replies = [reply for reply in send(server, *queries) if "warning" not in reply]
    assert {reply["id"]: "Illegal move" in reply.get("error", "") for reply in replies} == {
        "QUERY:5": False,
        "QUERY:6": True,  # KaTrain does not complain about errors with these words in a sweep
        "QUERY:7": False,
    }


def test_all_turns_of_a_game_agree_with_one_query_each(policy: Policy) -> None:
    rng, moves = np.random.default_rng(1), []
    game = Game(9)
    while len(moves) < 60:
        legal = np.flatnonzero(game.legal_mask(game.to_play)[:-1])
        point = int(rng.choice(legal))
        moves.append([game.to_play.letter.upper(), point_to_vertex(point, 9)])
        game.play(game.to_play, point)
    query = katrain_query(1, moves, size=9, rules="chinese-ogs", analyzeTurns=list(range(61)))
    replies = [reply for reply in send(AnalysisServer(policy), query) if "warning" not in reply]
    assert [reply["turnNumber"] for reply in replies] == list(range(61))
    server = AnalysisServer(policy)
    for turn in (0, 1, 30, 60):
        single = analyse(server, katrain_query(1, moves[:turn], size=9, rules="chinese-ogs"))
        assert_similar(replies[turn], single)


def assert_similar(one: Any, other: Any) -> None:
    """Equal, numbers up to the rounding errors of batches of another size."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_similar(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_similar(left, right)
    else:
        assert one == (pytest.approx(other, abs=1e-3) if isinstance(one, float) else other)


def test_higher_priorities_come_first_and_equal_ones_in_order(server: AnalysisServer) -> None:
    low = [katrain_query(n, OPENING[:n], priority=-5, size=19) for n in range(BATCH)]
    high = [katrain_query(10 + n, OPENING[:n], priority=1000) for n in range(2)]
    mixed = ogatak_query(20, OPENING, analyzeTurns=[0, 1, 2], priorities=[-10, 2000, 500])
    answers = [reply for reply in send(server, *low, *high, mixed) if "moveInfos" in reply]
    assert [(answer["id"].split(":")[1], answer["turnNumber"]) for answer in answers] == [
        ("20", 1),
        ("10", 0),
        ("11", 1),
        ("20", 2),
        *((str(n), n) for n in range(BATCH)),
        ("20", 0),
    ]


def test_terminate_leaves_one_answer_without_results(server: AnalysisServer) -> None:
    for query in (katrain_query(n, OPENING[:n]) for n in range(4)):
        server.accept(json.dumps(query).encode())
    first, second = server.accept(json.dumps(katrain_terminate(9, 2)).encode())
    assert first == {"id": "QUERY:2", "turnNumber": 2, "isDuringSearch": False, "noResults": True}
    assert second == katrain_terminate(9, 2)
    assert server.waiting == 3
    assert server.accept(json.dumps(katrain_terminate(10, 77)).encode()) == [katrain_terminate(10, 77)]
    server.accept(json.dumps(ogatak_query(30, OPENING, analyzeTurns=[0, 1, 2, 3])).encode())
    action = {"id": "x", "action": "terminate", "terminateId": "node_30:30", "turnNumbers": [1, 3]}
    assert [reply.get("turnNumber") for reply in server.accept(json.dumps(action).encode())] == [1, 3, None]
    action = {"id": "y", "action": "terminate_all"}
    *ended, echo = server.accept(json.dumps(action).encode())
    assert [(reply["id"], reply["turnNumber"]) for reply in ended] == [
        *((f"QUERY:{n}", n) for n in (0, 1, 3)),
        ("node_30:30", 0),
        ("node_30:30", 2),
    ]
    assert echo == action
    assert server.waiting == 0


def test_other_actions(server: AnalysisServer, policy: Policy) -> None:
    assert send(server, {"id": "c", "action": "clear_cache"}) == [{"id": "c", "action": "clear_cache"}]
    (reply,) = send(server, {"id": "m", "action": "query_models"})
    assert [model["internalName"] for model in reply["models"]] == [policy.path.name]
    assert "'action'" in send(server, {"id": "a", "action": "cache_dump"})[0]["error"]
    assert error(server, {"id": "t", "action": "terminate"})[0] == "terminateId"
    assert error(server, {"id": "t", "action": "terminate_all", "turnNumbers": [1, "2"]})[0] == "turnNumbers"


NO_QUERIES = [
    *("nonsense", "{", "[]", "7", '"id"', "null", "{}", '{"id":7}', '{"id":null,"action":"x"}', "\ud800", "[" * 9999),
    *('{"id":"x","action":"clear_cache","y":NaN}', '{"id":"x","y":1e999}', '{"id":"x","y":' + "9" * 5000 + "}"),
]


@pytest.mark.parametrize("line", NO_QUERIES)
def test_lines_that_are_no_query_get_an_error_without_id(line: str, server: AnalysisServer) -> None:
    (reply,) = server.accept(line.encode("utf-8", "surrogatepass"))
    assert list(reply) == ["error"]
    assert "\n" not in reply["error"]


def test_empty_lines_get_no_reply(server: AnalysisServer) -> None:
    assert [server.accept(line) for line in (b"", b" \t", b"\r")] == [[], [], []]


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_errors_name_the_field(field: str, value: Any, server: AnalysisServer) -> None:
    named, text = error(server, {**ogatak_query(1, OPENING), field: value})
    assert named == field
    assert text
    assert "\n" not in text
    assert server.waiting == 0
    assert analyse(server, ogatak_query(2, OPENING))


@pytest.mark.parametrize("field", ["moves", "rules", "boardXSize", "boardYSize"])
def test_required_fields(field: str, server: AnalysisServer) -> None:
    query = ogatak_query(1, OPENING)
    del query[field]
    assert error(server, query)[0] == field


def test_fields_that_exclude_each_other(server: AnalysisServer) -> None:
    moves = [{"player": "B", "moves": ["A1"], "untilDepth": 1}]
    assert error(server, ogatak_query(1, OPENING, allowMoves=moves, avoidMoves=moves))[0] == "allowMoves"
    turns = {"analyzeTurns": [0, 1], "priorities": [1, 2]}
    assert error(server, ogatak_query(1, OPENING, **turns, priority=1))[0] == "priority"
    assert error(server, ogatak_query(1, OPENING, priorities=[1]))[0] == "priorities"
    assert error(server, ogatak_query(1, OPENING, analyzeTurns=[0], priorities=[1, 2]))[0] == "priorities"


def test_warnings_name_unknown_fields_and_each_ignored_setting_once(server: AnalysisServer) -> None:
    query = katrain_query(1, OPENING, komii=5, overrideSettings={"maxTime": 1, "reportAnalysisWinratesAs": "BLACK"})
    first, second, third = send(server, query)
    assert (first["field"], first["id"]) == ("komii", "QUERY:1")
    assert second["field"] == "overrideSettings"
    assert "maxTime" in second["warning"]
    assert "reportAnalysisWinratesAs" not in second["warning"]
    assert "moveInfos" in third
    assert [reply.get("field") for reply in send(server, {**query, "id": "QUERY:2"})] == ["komii", None]


@pytest.mark.parametrize(
    "rules",
    [
        *("japanese", "Chinese", "korean", "AGA", "tromp-taylor", "Tromp_Taylor", "New Zealand", "chinese-ogs", "bga"),
        {"ko": "SITUATIONAL", "scoring": "AREA", "tax": "NONE", "suicide": True, "whiteHandicapBonus": "N-1"},
        {"scoring": "TERRITORY"},
    ],
)
def test_rules(rules: Any, server: AnalysisServer) -> None:
    assert analyse(server, ogatak_query(1, OPENING, rules=rules))["moveInfos"]


def test_suicide_is_a_matter_of_the_rules(server: AnalysisServer) -> None:
    stones = [["W", "A2"], ["W", "B1"]]
    query = ogatak_query(1, [["B", "A1"]], initialStones=stones, initialPlayer="B")
    assert error(server, query)[0] == "moves"
    assert analyse(server, {**query, "rules": "new-zealand"})["moveInfos"]


def test_handicap_stones_let_white_begin(server: AnalysisServer) -> None:
    stones = [["B", "D4"], ["B", "Q16"], ["B", "D16"]]
    query = ogatak_query(1, [], initialStones=stones)
    del query["initialPlayer"]
    assert analyse(server, query)["rootInfo"]["currentPlayer"] == "W"
    one = {**query, "initialStones": stones[:1]}
    assert analyse(server, one)["rootInfo"]["currentPlayer"] == "B"
    both = {**query, "initialStones": [*stones, ["W", "Q4"]]}
    assert analyse(server, both)["rootInfo"]["currentPlayer"] == "B"
    answer = analyse(server, katrain_query(2, [["W", "Q4"]], initialStones=stones, initialPlayer="W"))
    assert answer["rootInfo"]["currentPlayer"] == "B"
    assert katrain_policy(answer, 19)[-1][0] == -1
    assert {vertex for value, vertex in katrain_policy(answer, 19) if value < 0} == {"D4", "Q16", "D16", "Q4"}


def test_the_last_of_two_stones_on_a_point_counts(server: AnalysisServer) -> None:
    stones = [["B", "D4"], ["W", "D4"]]
    answer = analyse(server, katrain_query(1, [], initialStones=stones, initialPlayer="B", size=9))
    assert answer["ownership"][5 * 9 + 3] < 0


def test_games_that_go_on_after_two_passes_or_repeat_a_position(server: AnalysisServer) -> None:
    passes = [*OPENING, ["B", "pass"], ["W", "pass"]]
    assert analyse(server, katrain_query(1, passes))["moveInfos"]
    assert analyse(server, katrain_query(1, [*passes, ["B", "K10"]]))["rootInfo"]["currentPlayer"] == "W"
    ko = [["B", "B4"], ["W", "C4"], ["B", "A3"], ["W", "D3"], ["B", "B2"], ["W", "C2"], ["B", "C3"], ["W", "B3"]]
    repeated = [*ko, ["B", "pass"], ["W", "pass"], ["B", "C3"]]
    assert analyse(server, katrain_query(2, repeated, size=5, rules="chinese-ogs"))["moveInfos"]


def test_a_game_of_a_thousand_moves(server: AnalysisServer) -> None:
    moves = [[("B", "W")[n % 2], "pass"] for n in range(1000)]
    assert analyse(server, ogatak_query(1, [*moves, ["B", "Q16"]]))["turnNumber"] == 1001


def test_variations_are_as_long_as_asked_for(server: AnalysisServer) -> None:
    for asked, length in ((None, 4), (1, 2), (2, 3), (15, 4)):
        changes = {} if asked is None else {"analysisPVLen": asked}
        infos = analyse(server, ogatak_query(1, OPENING, **changes))["moveInfos"]
        assert {len(info["pv"]) for info in infos} == {length}


def test_without_win_probabilities_each_is_one_half(tmp_path: Path) -> None:
    server = AnalysisServer(Policy(write_network(tmp_path / "plain.onnx"), threads=1))
    answer = analyse(server, katrain_query(1, OPENING))
    for chances in (answer["rootInfo"], *answer["moveInfos"]):
        assert (chances["winrate"], chances["lcb"], chances["scoreLead"]) == (0.5, 0.5, 0)
    assert all(move["pointsLost"] == move["winrateLost"] == 0 for move in katrain_moves(answer, "B"))


def test_a_network_that_fails_is_an_error_for_each_position_and_the_session_goes_on(
    policy: Policy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = AnalysisServer(policy)

    def fail(*_: object) -> None:
        raise BadNetwork("win.onnx", "gives no finite numbers at ply 3")

    def break_down(*_: object) -> None:
        raise MemoryError

    for failure, word in ((fail, "finite"), (break_down, "MemoryError")):
        with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
            patched.setattr(policy, "evaluate_all", failure)
            replies = send(server, ogatak_query(1, OPENING, analyzeTurns=[1, 2]))
        errors = [reply for reply in replies if "error" in reply]
        assert [(reply["id"], reply["turnNumber"]) for reply in errors] == [("node_1:1", 1), ("node_1:1", 2)]
        assert all(word in reply["error"] for reply in errors)
        assert word in caplog.text
    assert analyse(server, ogatak_query(2, OPENING))["moveInfos"]


def test_colours_of_every_turn(server: AnalysisServer) -> None:
    answers = send(server, ogatak_query(1, OPENING, analyzeTurns=[4, 0, 2, 0]))
    turns = [(answer["turnNumber"], answer["rootInfo"]["currentPlayer"]) for answer in answers if "rootInfo" in answer]
    assert turns == [(0, "B"), (2, "B"), (4, "B")]
    twice = [["B", "Q16"], ["B", "D4"]]
    assert analyse(server, ogatak_query(1, twice))["rootInfo"]["currentPlayer"] == Colour.WHITE.letter.upper()
