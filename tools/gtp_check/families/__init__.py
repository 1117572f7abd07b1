"""All checks, in the order in which they are run."""

from shicho.tools.gtp_check.check import Check
from shicho.tools.gtp_check.families import commands, format, moves, result, setup, shutdown

CHECKS: tuple[Check, ...] = (
    *commands.CHECKS,
    *format.CHECKS,
    *setup.CHECKS,
    *moves.CHECKS,
    *result.CHECKS,
    *shutdown.CHECKS,
)
