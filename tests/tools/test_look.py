"""The server of `shicho look`: positions, views and numbers are those of the engine; nobody else can reach it."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest

from shicho.engine import Colour
from shicho.engine.coords import vertex_to_point
from shicho.engine.errors import BadConfig
from shicho.engine.features import SANDBOX_26, plane_on_board
from shicho.engine.ladder import read
from shicho.engine.palette import hex_colour, probability_colours, signed_colours
from shicho.engine.policy import Policy
from shicho.engine.sgf import read_game
from shicho.engine.status import final_status
from shicho.engine.taps import Taps
from shicho.tools.commands.look import look
from shicho.tools.look.api import Api
from shicho.tools.look.record import Line, Record
from shicho.tools.look.server import LookServer
from tests.support.commands import invoke
from tests.support.networks import write_network
from tests.support.signals import restore_sigint

DOCS = Path(__file__).parents[2] / "docs"
GAMES = Path(__file__).parents[1] / "data" / "games"
GAME = GAMES / "09-seed001.sgf"
VIEWS = ("stones", "policy", "ladders", "liberties", "pass-alive", "status", "owner")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return Policy(write_network(tmp_path_factory.mktemp("network") / "net.onnx", win=True, taps=True), threads=1)


@pytest.fixture(scope="module")
def server(policy: Policy) -> Iterator[LookServer]:
    with LookServer(Api(policy, Record(GAME))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def get(
    server: LookServer, target: str, *, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (with names in lower case) and body of a request."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, target, skip_host=True)
    connection.putheader("Host", f"127.0.0.1:{server.port}" if host is None else host)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


def ask(server: LookServer, path: str, **query: object) -> Json:
    status, _, body = get(server, f"/api/{path}?{urlencode(query)}")
    assert status == 200, body
    answer: Json = json.loads(body)
    return answer


def refusal(server: LookServer, path: str, **query: object) -> str:
    status, _, body = get(server, f"/api/{path}?{urlencode(query)}")
    assert status == 400
    error: str = json.loads(body)["error"]
    assert error
    assert "\n" not in error
    return error


def pixels(answer: Json) -> np.ndarray:
    return np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8)


# --- records and lines ---


@pytest.mark.parametrize("name", ["09-seed001", "13-seed006-handicap2", "19-seed030-handicap9"])
def test_every_position_of_a_record_is_that_of_the_file(name: str) -> None:
    file = GAMES / f"{name}.sgf"
    record, final = Record(file), read_game(file)
    assert (record.plies, record.size, record.title) == (final.ply, final.size, name)
    for ply in range(record.plies + 1):
        seen, wanted = record.position(ply), read_game(file, plies=ply)
        assert (seen.board, seen.moves, seen.to_play) == (wanted.board, wanted.moves, wanted.to_play)
        following = record.next_move(ply)
        if ply < record.plies:
            assert following is not None
            assert vertex_to_point(following, final.size) == final.moves[ply].point
    assert record.next_move(record.plies) is None


def test_stones_set_up_in_the_middle(tmp_path: Path) -> None:
    file = tmp_path / "game.sgf"
    file.write_text("(;SZ[5];B[aa];W[bb];AB[cc]AW[dd];B[ee];W[ea])")
    record = Record(file)
    for ply in range(5):
        assert record.position(ply).board == read_game(file, plies=ply).board
    assert [record.next_move(ply) for ply in range(4)] == ["A5", None, "E1", "E5"]


def test_a_variation_leaves_the_record_as_it_is() -> None:
    record = Record(GAME)
    before = record.position(7)
    free = np.flatnonzero(before.legal_mask(before.to_play)[:-1])[:3]
    line = Line(record, 7, tuple(vertices(free)))
    wanted = record.position(7)
    for point in free.tolist():
        wanted.play(wanted.to_play, point)
    assert line.plies == 10
    assert line.position().board == wanted.board
    assert line.position(8).moves == wanted.moves[:8]
    assert line.position(5).board == record.position(5).board
    assert record.position(7).board == before.board


def vertices(points: np.ndarray) -> list[str]:
    return [f"{'ABCDEFGHJ'[point % 9]}{9 - point // 9}" for point in points.tolist()]


def test_a_game_goes_on_after_two_passes() -> None:
    assert Line(Record(size=5), 0, ("pass", "pass", "C3")).position().board.colour_at(12) is Colour.BLACK


@pytest.mark.parametrize("ply", [-1, 10_000])
def test_moves_that_are_not_there(ply: int) -> None:
    with pytest.raises(BadConfig):
        Record(GAME).position(ply)
    with pytest.raises(BadConfig):
        Line(Record(GAME), 3).position(4)


# --- answers ---


def test_what_stays_the_same(server: LookServer, policy: Policy) -> None:
    game = ask(server, "game")
    assert (game["size"], game["plies"], game["title"]) == (9, read_game(GAME).ply, "09-seed001")
    assert game["win"] is True
    assert [plane["name"] for plane in game["planes"]] == [plane.name for plane in SANDBOX_26.planes]
    assert game["layers"] == [
        {"name": "stem", "channels": 4, "by_point": True},
        {"name": "stem.mean", "channels": 4, "by_point": False},
    ]
    assert game["palette"][32] == hex_colour(signed_colours(0, 1.0))


@pytest.mark.parametrize("ply", [0, 1, 20, 37])
def test_the_policy(ply: int, server: LookServer, policy: Policy) -> None:
    game = read_game(GAME, plies=ply)
    probabilities = policy.evaluate(game).probabilities
    legal = np.flatnonzero(game.legal_mask(game.to_play)[:-1]).tolist()
    answer = ask(server, "position", move=ply, view="policy")
    view = answer["view"]
    assert view["colours"] == {
        str(point): hex_colour(probability_colours(probabilities[point]))
        for point in legal
        if probabilities[point] >= 0.001
    }
    assert view["labels"] == {
        str(point): f"{100 * probabilities[point]:.0f}" for point in legal if probabilities[point] >= 0.01
    }
    assert answer["stones"] == "".join(map(str, game.board.stones.ravel()))
    assert answer["to_play"] == str(game.to_play)
    assert answer["next"] == Record(GAME).next_move(ply)


def test_life_and_death_and_liberties(server: LookServer) -> None:
    board = read_game(GAME, plies=37).board
    judged = final_status(board)
    owner = ask(server, "position", move=37, view="owner")["view"]
    assert owner["values"] == pytest.approx(judged.owner.ravel().tolist())
    greys = [int(owner["colours"][str(point)][1:3], 16) for point in range(81)]
    assert greys == pytest.approx((127.5 * (1 - judged.owner.ravel())).tolist(), abs=0.51)
    status = ask(server, "position", move=37, view="status")["view"]["colours"]
    assert len(status) == np.count_nonzero(board.stones)
    assert len(set(status.values())) == len({chain.status for chain in judged.chains})
    labels = ask(server, "position", move=37, view="liberties")["view"]["labels"]
    assert labels == {str(p): str(n) for p, n in enumerate(board.liberties().ravel().tolist()) if n}
    safe = ask(server, "position", move=37, view="pass-alive")["view"]["colours"]
    assert sorted(map(int, safe)) == np.flatnonzero(board.pass_alive()).tolist()


def test_a_ladder_with_its_reading(policy: Policy) -> None:
    """The ladder of README.md; without a stone at the point all ladders are shown."""
    file = GAMES / "19-seed002.sgf"
    answer = Api(policy, Record(file)).position({"move": "20", "view": "ladders", "at": "P16"})
    game = read_game(file, plies=20)
    reading = read(game.board, "P16")
    assert reading.captured
    assert answer["view"]["moves"] == [[move.colour.letter, move.point] for move in reading.moves]
    assert len(reading.moves) == 45
    everything = Api(policy, Record(file)).position({"move": "20", "view": "ladders", "at": "A1"})["view"]
    assert not everything["moves"]
    capturable = np.flatnonzero(plane_on_board("ladder_capturable", game)).tolist()
    assert game.board.point("P16") in capturable
    assert set(capturable) <= set(everything["colours"])


def test_planes(server: LookServer) -> None:
    game = read_game(GAME, plies=20)
    sheet = ask(server, "planes", move=20)
    seen = pixels(sheet).reshape(-1, 9, 9, 3)
    assert len(seen) == sheet["count"] == len(SANDBOX_26)
    for plane, picture in zip(SANDBOX_26.planes, seen, strict=True):
        wanted = plane_on_board(plane.name, game)
        assert ((picture == (0xD6, 0x27, 0x28)).all(-1) == wanted).all()
        view = ask(server, "position", move=20, view="plane", plane=plane.name)["view"]
        assert sorted(map(int, view["colours"])) == np.flatnonzero(wanted).tolist()


def test_a_channel_and_the_sheet_of_its_layer(server: LookServer, policy: Policy) -> None:
    values = Taps(policy).channels(read_game(GAME, plies=20), "stem")
    largest = np.abs(values).max(axis=(1, 2))
    view = ask(server, "position", move=20, view="channel", layer="stem", channel=2)["view"]
    assert view["values"] == pytest.approx(values[2].ravel().tolist())
    colours = signed_colours(values[2].ravel(), float(largest[2]))
    assert list(view["colours"].values()) == [hex_colour(colour) for colour in colours]
    assert len(view["largest"]) == 10
    assert view["largest"][0][0] == np.abs(values[2]).argmax()
    for common, scales in ((0, largest), (1, np.full(4, largest.max()))):
        sheet = ask(server, "channels", move=20, layer="stem", common=common)
        seen = pixels(sheet).reshape((*values.shape, 3)).astype(int)
        wanted = signed_colours(values / scales[:, None, None], 1.0)
        assert np.abs(seen - wanted).max() <= 1
        assert sheet["most"] == pytest.approx(values.max(axis=(1, 2)).tolist())


def test_channels_without_points(server: LookServer, policy: Policy) -> None:
    values = Taps(policy).channels(read_game(GAME, plies=20), "stem.mean")
    sheet = ask(server, "channels", move=20, layer="stem.mean")
    assert sheet["least"] == sheet["most"] == pytest.approx(values.tolist())
    assert pixels(sheet).shape == (12,)
    view = ask(server, "position", move=20, view="channel", layer="stem.mean", channel=1)["view"]
    assert not view["colours"]
    assert f"{values[1]:.3g}" in view["caption"]


@pytest.mark.parametrize("layer", ["stem", "stem.mean"])
def test_a_channel_through_the_game(layer: str, server: LookServer, policy: Policy) -> None:
    plies = read_game(GAME).ply
    film = ask(server, "film", move=plies, layer=layer, channel=3)
    assert film["plies"][0] == 0
    assert 6 <= len(film["plies"]) <= 12
    games = [read_game(GAME, plies=ply) for ply in film["plies"]]
    assert film["stones"] == ["".join(map(str, game.board.stones.ravel())) for game in games]
    values = np.array([Taps(policy).channels(game, layer)[3] for game in games])
    assert film["scale"] == pytest.approx(np.abs(values).max())
    assert (pixels(film) == signed_colours(values, film["scale"]).ravel()).all()
    assert film["values"] == (pytest.approx(values.tolist()) if layer == "stem.mean" else [])


def test_the_win_rate(server: LookServer, policy: Policy) -> None:
    seen = ask(server, "win", **{"move": 20, "from": 3, "to": 20})["black"]
    assert len(seen) == 18
    for ply, black in enumerate(seen, 3):
        game = read_game(GAME, plies=ply)
        own = policy.evaluate(game).to_play_win_probability
        assert own is not None
        assert black == pytest.approx(own if game.to_play is Colour.BLACK else 1 - own, abs=1e-5)


def test_the_numbers_of_a_point(server: LookServer, policy: Policy) -> None:
    game = read_game(GAME, plies=37)
    stone = int(np.flatnonzero(game.board.stones)[0])
    empty = int(np.flatnonzero(game.legal_mask(game.to_play)[:-1])[0])
    (at_stone, at_empty) = vertices(np.array([stone, empty]))
    facts = ask(server, "point", move=37, at=at_stone)
    chain = game.board.chain(stone)
    assert facts["stone"] == str(game.board.colour_at(stone))
    assert facts["chain"] == {"stones": len(chain.stones), "liberties": len(chain.liberties)}
    assert facts["illegal"] == "occupied"
    wanted = [plane.name for plane in SANDBOX_26.planes if plane_on_board(plane.name, game).ravel()[stone]]
    assert facts["planes"] == wanted
    facts = ask(server, "point", move=37, at=at_empty, layer="stem")
    assert facts["stone"] is None
    assert facts["illegal"] is None
    assert facts["probability"] == pytest.approx(float(policy.evaluate(game).probabilities[empty]))
    values = Taps(policy).channels(game, "stem").reshape(4, -1)[:, empty]
    assert {each["channel"]: each["value"] for each in facts["channels"]} == pytest.approx(
        dict(enumerate(values.tolist()))
    )


@pytest.mark.parametrize(
    ("path", "query", "part"),
    [
        ("position", {}, "move"),
        ("position", {"move": "x"}, "'x'"),
        ("position", {"move": "-1"}, "'-1'"),
        ("position", {"move": "²"}, "'²'"),
        ("position", {"move": 500}, "500"),
        ("position", {"move": 0, "view": "future"}, "'future'"),
        ("position", {"move": 0, "view": "plane", "plane": "atari"}, "own_liberties_1"),
        ("position", {"move": 0, "view": "channel", "layer": "stem", "channel": 4}, "0 to 3"),
        ("position", {"move": 0, "view": "channel", "layer": "trunk", "channel": 0}, "stem"),
        ("position", {"move": 0, "view": "ladders", "at": "Z9"}, "'Z9'"),
        ("position", {"move": 0, "play": "A1,A1"}, "occupied"),
        ("position", {"move": 0, "play": "A1,K10"}, "'K10'"),
        ("point", {"move": 0, "at": "pass"}, "pass"),
        ("point", {"move": 0}, "at"),
        ("channels", {"move": 0}, "layer"),
        ("win", {"move": 20, "from": 5, "to": 4}, "5 to 4"),
        ("win", {"move": 20, "from": 0, "to": 64}, "64"),
        ("win", {"move": 20, "from": 0, "to": 21}, "21"),
        ("game", {str(number): 1 for number in range(21)}, "fields"),
    ],
)
def test_bad_requests_are_refused_in_one_line(path: str, query: Json, part: str, server: LookServer) -> None:
    assert part in refusal(server, path, **query)


def test_a_network_without_taps_and_win_says_so(tmp_path: Path) -> None:
    api = Api(Policy(write_network(tmp_path / "net.onnx"), threads=1), Record(size=9))
    assert api.game({})["layers"] == []
    assert api.game({})["win"] is False
    with pytest.raises(BadConfig, match="taps"):
        api.channels({"move": "0", "layer": "stem"})
    with pytest.raises(BadConfig, match="who wins"):
        api.win({"move": "0", "from": "0", "to": "0"})


@pytest.mark.parametrize("size", [2, 5, 19])
def test_every_view_on_other_sizes(size: int, policy: Policy) -> None:
    api = Api(policy, Record(size=size))
    for play in ("", "A1", "A1,B2,pass"):
        for view in (*VIEWS, "plane", "channel"):
            query = {"move": "0", "play": play, "view": view, "plane": "own_stone", "layer": "stem", "channel": "0"}
            assert len(json.loads(json.dumps(api.position(query)))["stones"]) == size * size


def test_requests_at_the_same_time_get_the_same_answers(server: LookServer) -> None:
    queries = [{"move": ply, "view": view} for ply in (5, 20, 37) for view in VIEWS] * 2
    alone = [ask(server, "position", **query) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda query: ask(server, "position", **query), queries))
    assert together == alone


# --- who may ask, and for what ---


def test_only_this_machine_is_listened_to(server: LookServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.port}/"


@pytest.mark.parametrize("path", ["/", "/api/game", "/look.js"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "localhost.evil.example:{port}"]
)
def test_other_hosts_are_refused(path: str, host: str, server: LookServer) -> None:
    status, _, body = get(server, path, host=host.format(port=server.port))
    assert status == 403
    assert b"{" not in body


def test_localhost_is_a_name_of_this_machine(server: LookServer) -> None:
    assert get(server, "/", host=f"localhost:{server.port}")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/server.py",
        "/../server.py",
        "/%2e%2e/server.py",
        "/page/look.js",
        "//etc/passwd",
        "/look.js/",
        "/..%5cserver.py",
        "/api",
        "/api/__init__",
        "http://[/",
    ],
)
def test_nothing_else_is_served(path: str, server: LookServer) -> None:
    assert get(server, path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(method: str, server: LookServer) -> None:
    assert get(server, "/api/game", method=method)[0] == 501


@pytest.mark.parametrize(
    "path", ["/", "/look.js", "/state.js", "/board.js", "/panels.js", "/look.css", "/icon.svg", "/api/game"]
)
def test_answers_may_not_be_used_by_other_pages(path: str, server: LookServer) -> None:
    status, headers, body = get(server, path)
    assert status == 200
    assert len(body) == int(headers["content-length"])
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


# --- the documentation ---


def test_the_page_of_the_documentation_names_every_view_and_key() -> None:
    if not (DOCS / "features").is_dir():
        pytest.skip("only the repository has the whole documentation")
    text = (DOCS / "look.md").read_text(encoding="utf-8")
    page = resources.files("shicho.tools.look") / "page"
    views = re.findall(
        r'^  \["[a-z-]+", "(.*?)", ".*"\],$', (page / "state.js").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert re.findall(r"^\| \*(.*?)\* \|", text, re.MULTILINE) == views
    keys = re.findall("<dt>(.*?)</dt>", (page / "index.html").read_text(encoding="utf-8"))
    assert re.findall(r"^\| ([^*|]+) \|", text.partition("| key | does |\n|---|---|\n")[2], re.MULTILINE) == keys
    assert len(views) == 9
    for name in re.findall(r"\]\((look-.*?\.png)\)", text):
        assert 10_000 < (DOCS / name).stat().st_size < 150_000


# --- the command ---


def test_a_port_in_use_is_named(policy: Policy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BadConfig, match=str(taken.getsockname()[1])):
        LookServer(Api(policy, Record(size=9)), taken.getsockname()[1])


@pytest.mark.parametrize(
    ("text", "options", "part"),
    [
        ("nonsense", [], "game.sgf"),
        ("(;SZ[9];B[zz])", [], "game.sgf"),
        ("(;SZ[9])", ["--size", "9"], "--size"),
        ("(;SZ[9])", ["--network", "none.onnx"], "none.onnx"),
        (None, [], "game.sgf"),
    ],
)
def test_bad_input_is_one_line_before_anything_is_served(
    text: str | None, options: list[str], part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "game.sgf"
    if text is not None:
        file.write_text(text)
    ended = invoke(look, file, "--no-browser", *options)
    assert ended.exit_code == 1
    assert part in str(ended.exception)
    assert "\n" not in str(ended.exception)
    assert "http" not in ended.output


def test_the_command_opens_the_browser_and_stops_at_ctrl_c(tmp_path: Path) -> None:
    network, opened, browser = write_network(tmp_path / "net.onnx"), tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part\nmv {opened}.part {opened}\n')
    browser.chmod(0o755)
    places = os.pathsep.join(os.path.abspath(place) for place in sys.path if place)
    environment = {**os.environ, "PYTHONPATH": places, "BROWSER": f"{browser} %s"}
    command = [sys.executable, "-m", "shicho.tools.cli", "look", str(GAME), "--network", str(network)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=restore_sigint,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        connection = HTTPConnection(url.removeprefix("http://").removesuffix("/"), timeout=20)
        connection.request("GET", "/api/game")
        assert json.loads(connection.getresponse().read())["plies"] == read_game(GAME).ply
        deadline = time.monotonic() + 20
        while not opened.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        try:
            rest, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert opened.read_text() == url
    assert (process.returncode, rest, errors) == (0, "stopped\n", "")
