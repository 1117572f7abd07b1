"""What the clients of GTP engines send, and what a user loses where the engine lacks a command.

The sources are named with each client: its program text or manual, and the place in it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Use:
    """Something that a client does with an engine.

    `commands`: any of them is enough, the client takes the first that there is. `lost`: what there is not without them.
    """

    commands: tuple[str, ...]
    lost: str


@dataclass(frozen=True)
class Client:
    """A program that starts GTP engines.

    `required`: the commands without which it does not play. `uses`: what it does beyond that. `source`: where it says
    so. `note`: what else a user has to know, "" for nothing. `speaks_gtp`: whether it can use a GTP engine at all.
    """

    name: str
    required: tuple[str, ...]
    uses: tuple[Use, ...]
    source: str
    note: str = ""
    speaks_gtp: bool = True

    def missing(self, commands: Collection[str]) -> tuple[str, ...]:
        """Return the required commands that are not among `commands`."""
        return tuple(name for name in self.required if name not in commands)

    def lost(self, commands: Collection[str]) -> tuple[Use, ...]:
        """Return what the client does without if an engine has these commands."""
        return tuple(use for use in self.uses if not any(name in commands for name in use.commands))


def _use(commands: str, lost: str) -> Use:
    return Use(tuple(commands.split()), lost)


def _client(name: str, required: str, *uses: Use, source: str, note: str = "") -> Client:
    return Client(name, tuple(required.split()), uses, source, note)


_CLOCK: Final = (
    _use("time_settings", "the engine is not told the time control"),
    _use("time_left", "the engine is not told its clock"),
)

CLIENTS: Final = (
    _client(
        "Sabaki",
        "boardsize clear_board komi play genmove",
        _use("list_commands", "no optional command is found"),
        _use("undo", "going back replays the whole game"),
        _use("set_free_handicap", "handicap stones are sent as moves"),
        _use("rectangular_boardsize", "boards that are not square"),
        _use("analyze lz-analyze kata-analyze", "the analysis of a position on the board"),
        _use("genmove_analyze lz-genmove_analyze kata-genmove_analyze", "the win rate of the engine's moves"),
        source="Sabaki src/modules/enginesyncer.js, @sabaki/gtp src/ControllerStateTracker.js",
    ),
    _client(
        "GoGui",
        "boardsize clear_board play genmove",
        _use("list_commands", "no optional command is found"),
        _use("komi", "komi is not told"),
        _use("undo gg-undo", "going back replays the whole game"),
        _use("gg-undo", "several moves back are as many commands"),
        _use("gogui-play_sequence", "moving about in a game is slow"),
        _use("set_free_handicap", "handicap stones are sent as moves"),
        _use("final_status_list", "dead stones are not marked when counting"),
        _use("kgs-genmove_cleanup", "cleaning up dead stones"),
        *_CLOCK,
        _use("gogui-analyze_commands", "the analyze menu is empty"),
        _use("gogui-setup", "set-up stones are sent as moves"),
        _use("gogui-setup_player", "the side to move of a set-up position is not told"),
        _use("gogui-interrupt", "a long command can only be ended by killing the engine"),
        _use("gogui-title", "the window's title is the engine's name"),
        source="GoGui manual, chapter Compatibility",
    ),
    _client(
        "gtp2ogs",
        "list_commands boardsize clear_board komi play genmove",
        *_CLOCK,
        _use("kgs-time_settings", "Japanese byo-yomi is told as Canadian"),
        _use("kata-list_time_settings", "Fischer time is told as Canadian byo-yomi"),
        _use("set_free_handicap", "the stones of a free handicap game, and with them the position"),
        _use("place_free_handicap", "placing its own handicap stones"),
        source="gtp2ogs src/Bot.ts",
        note="sends CRLF, and skips commands that are not listed; a failure counts against the bot",
    ),
    _client(
        "CGOS",
        "list_commands boardsize clear_board komi play genmove quit",
        *_CLOCK,
        _use("cgos-genmove_analyze kata-genmove_analyze lz-genmove_analyze", "the engine's thoughts for spectators"),
        _use("cgos-opponent_name", "the opponent's name"),
        _use("cgos-opponent_rating", "the opponent's rating"),
        _use("cgos-gameover", "the result"),
        source="cgos client-python/src/gtpengine.py",
        note="the mandatory commands must be in list_commands",
    ),
    _client(
        "KGS (kgsGtp)",
        "boardsize clear_board komi play genmove",
        _use("list_commands known_command", "no optional command is found"),
        _use("final_status_list", "the engine cannot say which stones are dead"),
        _use("kgs-genmove_cleanup", "capturing dead stones after a disagreement"),
        _use("time_settings kgs-time_settings", "the engine is not told the time control"),
        _use("kgs-time_settings", "Japanese byo-yomi is told as absolute time"),
        _use("time_left", "the engine is not told its clock"),
        _use("place_free_handicap", "placing its own handicap stones"),
        _use("set_free_handicap", "handicap stones of a person"),
        _use("undo", "undo resets the board and replays the game"),
        _use("kgs-rules", "the engine is not told the rules"),
        _use("kgs-game_over", "the engine is not told that the game is over"),
        _use("kgs-chat", "chat is not answered"),
        source="kgsGtp.xhtml in kgsGtp's archive; Sensei's Library, page KgsGtp",
    ),
    _client(
        "Lizzie",
        "name version boardsize komi clear_board play undo",
        _use("lz-analyze", "the analysis, which is what the program is for"),
        _use("lz-genmove_analyze genmove", "playing against the engine"),
        _use("time_settings", "the engine is not told the time for a move"),
        _use("fixed_handicap", "handicap games"),
        source="Lizzie src/main/java/featurecat/lizzie/analysis/Leelaz.java",
        note="wants a version of 0.15 or later; sends kata-analyze only if the name begins with KataGo",
    ),
    Client(
        "KaTrain",
        (),
        (),
        "KaTrain katrain/core/engine.py",
        "speaks KataGo's JSON analysis protocol, not GTP",
        speaks_gtp=False,
    ),
)
