"""A command that has sub-commands: `shicho match A B` beside `shicho match ladder`."""

from typing import Any, Final

from typer.core import TyperGroup

OWN_COMMAND: Final = "own"
"""The name under which such a group has its own command."""


class CommandGroup(TyperGroup):
    """A sub-command is known by its name as the first word; all other words are for the group's own command.

    A file that has the name of a sub-command can be given as `./NAME`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the group's own command before its arguments."""
        named = args and args[0] in self.commands and args[0] != OWN_COMMAND
        return super().parse_args(ctx, args if named else [OWN_COMMAND, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command; the group's own one goes by the group's name alone in usage lines."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == OWN_COMMAND else name), command, rest
