"""All GTP commands: each module holds the family of a section of the specification, or of another program's dialect."""

from shicho.gtp.commands import (
    administrative,
    analysis,
    cgos,
    gnugo,
    gogui,
    gogui_views,
    gomill,
    kata,
    kgs,
    network,
    play,
    regression,
    settings,
    setup,
    tournament,
)
from shicho.gtp.commands.registry import Registry

FAMILIES = (
    administrative.FAMILY,
    setup.FAMILY,
    play.FAMILY,
    tournament.FAMILY,
    regression.FAMILY,
    network.FAMILY,
    analysis.FAMILY,
    settings.FAMILY,
    gnugo.FAMILY,
    gogui.FAMILY,
    gogui_views.FAMILY,
    kata.FAMILY,
    kgs.FAMILY,
    cgos.FAMILY,
    gomill.FAMILY,
)
"""The families in the order of docs/gtp.md."""

REGISTRY = Registry(FAMILIES)
"""What `shicho-gtp` understands."""
