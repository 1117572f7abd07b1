"""`shicho-gtp` from its options to the end of its input."""

import logging
import secrets
import sys

import numpy as np

from shicho.engine import Game
from shicho.engine.errors import BadConfig, BadNetwork
from shicho.engine.player import Player
from shicho.engine.policy import Policy
from shicho.engine.version import shicho_version
from shicho.gtp.options import Options, read_options
from shicho.gtp.server import serve
from shicho.gtp.session import Session


def run() -> int:
    """Read the options from sys.argv, serve stdin and return the exit code: 2 if an option or the network is bad.

    Raises OSError if stdout cannot be written.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="shicho-gtp: %(message)s")
    try:
        options = read_options()
        if options is None:
            sys.stdout.write(f"shicho-gtp {shicho_version()}\n")
            return 0
        session = _start(options)
    except (BadConfig, BadNetwork) as error:
        logging.error("%s", error)
        return 2
    # A reading thread holds no lock of an unbuffered stream, so the process can end while the thread waits for input.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
        serve(session, source, sys.stdout.buffer)
    return 0


def _start(options: Options) -> Session:
    policy = Policy(options.network, options.threads)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    player = Player(policy, np.random.default_rng(seed), options.settings)
    version = f"{shicho_version()} ({policy.path.stem})"
    style, symmetries = options.settings.style, options.settings.symmetries
    logging.info("version %s, style %s, symmetries %d, seed %d", version, style, symmetries, seed)
    return Session(player, version, seed, Game(rules=options.rules))
