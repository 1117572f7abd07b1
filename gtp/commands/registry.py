"""Commands, families of commands, and the registry in which the server looks up a command by its name.

To add commands, write a module with a `FAMILY` and put it into `FAMILIES` of `shicho.gtp.commands`. A handler takes the
session and the arguments, may change the session, and returns the text of the response, or an iterator of parts of a
streamed answer, each of one or more lines. It raises GtpError for a failure response, with the error message of the
GTP 2 specification (draft 2) if there is one. Handlers do not read stdin or write stdout.

The server writes each part of a stream when the iterator yields it. The answer ends when the controller sends any
line, also an empty one; after the last part the server waits for that line without using the processor.

The docstring of a handler is its documentation in docs/gtp.md. If it ends with lines of a session, the first of which
starts with `> `, these are run as a test in a fresh session, on a network for which all points are alike.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from shicho.engine.errors import GtpError
from shicho.gtp.commands.arguments import expect
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

Handler = Callable[[Session, Arguments], str | Iterator[str]]

AnswerType = Literal[
    "bwboard", "cboard", "dboard", "eplist", "gfx", "hpstring", "hstring", "none", "param", "plist", "pspairs",
    "pstring", "sboard", "string", "var", "varb", "varc", "varp", "varpo", "varw",
]  # fmt: skip
"""How GoGui shows an answer; see the chapter on analyze commands of its manual."""


@dataclass(frozen=True)
class AnalyzeCommand:
    """How GoGui offers a command: the type of the answer, the label in the menu, and the arguments.

    `arguments` may contain GoGui's wildcards: %c a colour, %m the side to play, %p a point, %P points, %s a text,
    %f a file.
    """

    answer: AnswerType
    label: str
    arguments: str = ""


@dataclass(frozen=True)
class Command:
    """A command: its name, its handler, and how documentation and GoGui show it.

    `arguments`: as the documentation writes them, "COLOUR VERTEX".
    `analyze`: the entries of GoGui's menu that send it, or a function that returns those for a session.
    """

    name: str
    handler: Handler
    arguments: str = ""
    analyze: tuple[AnalyzeCommand, ...] | Callable[[Session], tuple[AnalyzeCommand, ...]] = ()


@dataclass(frozen=True)
class Family:
    """Commands that belong together: a heading and a paragraph of docs/gtp.md, in Markdown, and the commands."""

    title: str
    about: str | None
    commands: tuple[Command, ...]


class Registry:
    """The commands of a server by name, with the three commands that list them.

    Raises ValueError if two commands have the same name.
    """

    def __init__(self, families: Iterable[Family]) -> None:
        own = Family(
            "Which commands there are",
            "From section 6.3.1 of the GTP 2 specification, and the entries of GoGui's analyze menu.",
            (
                Command("known_command", self.known_command, "NAME"),
                Command("list_commands", self.list_commands),
                Command("gogui-analyze_commands", self.analyze_commands),
            ),
        )
        self.families: Final = (own, *families)
        self._commands: dict[str, Command] = {}
        for family in self.families:
            for command in family.commands:
                if command.name in self._commands:
                    raise ValueError(f"two commands with the name {command.name!r}")
                self._commands[command.name] = command

    def __getitem__(self, name: str) -> Command:
        """Return the command of that name; raises GtpError."""
        try:
            return self._commands[name]
        except KeyError:
            raise GtpError("unknown command") from None

    def __iter__(self) -> Iterator[Command]:
        """Yield all commands in the order of their families."""
        return iter(self._commands.values())

    def __len__(self) -> int:
        return len(self._commands)

    def known_command(self, session: Session, args: Arguments) -> str:
        """Return "true" if there is a command of that name, else "false".

        > known_command genmove
        = true
        """
        return "true" if expect(args, 1)[0] in self._commands else "false"

    def list_commands(self, session: Session, args: Arguments) -> str:
        """Return the names of all commands, one a line."""
        expect(args, 0)
        return "\n".join(sorted(self._commands))

    def analyze_commands(self, session: Session, args: Arguments) -> str:
        """Return the commands that GoGui can show on the board, one a line: type of the answer, label, command.

        `%p` stands for a point, `%c` for a colour, `%m` for the side to play, as in GoGui's manual.
        """
        expect(args, 0)
        return "\n".join(
            f"{shown.answer}/{shown.label}/{command.name} {shown.arguments}".rstrip()
            for command in self
            for shown in (command.analyze(session) if callable(command.analyze) else command.analyze)
        )
