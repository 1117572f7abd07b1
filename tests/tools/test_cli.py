"""Exit codes and error messages of the command lines."""

import sys
from collections.abc import Callable

import pytest

from shicho.engine.errors import BadConfig
from shicho.engine.version import shicho_version
from shicho.tools import cli
from shicho.tools.console import run


def raiser(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BadConfig("komi is\nnot a number"), 1, "komi is not a number\n"),
        (
            FileNotFoundError(2, "No such file or directory", "games.h5"),
            1,
            "games.h5: no such file or directory\n",
        ),
        (OSError(), 1, "OSError\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            1,
            "this needs torch: pip install 'shicho[train]'\n",
        ),
    ],
)
def test_errors_are_one_line_and_an_exit_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(raiser(error))
    assert caught.value.code == code
    assert capsys.readouterr().err == line


def test_other_exceptions_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run(raiser(ZeroDivisionError()))


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["bench", "core", "no-such-file.sgf"], 1, "no-such-file.sgf"),
        (["bench", "nothing"], 2, "No such command"),
        (["bench", "core", "--repeats", "0"], 2, "--repeats"),
    ],
)
def test_invalid_command_lines(
    arguments: list[str], code: int, part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["shicho", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == code
    assert part in capsys.readouterr().err


def test_every_command_has_a_help_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    training = (
        "data build",
        "train",
        "train plot",
        "finetune",
        "experiment list",
        "experiment run",
        "experiment report",
        "experiment publish",
    )
    matches = ("match", "match ladder", "match losses", "bench match", "gtp-check")
    for command in (*training, *matches, "evaluate", "export", "look", "bench core", "bench genmove", "bench loader"):
        monkeypatch.setattr(sys, "argv", ["shicho", *command.split(), "--help"])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 0
        assert f"shicho {command}" in capsys.readouterr().out


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["shicho", "--version"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert not caught.value.code
    assert capsys.readouterr().out == f"shicho {shicho_version()}\n"
