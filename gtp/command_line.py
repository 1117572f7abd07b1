"""The options of `shicho-gtp`, and the engine that they describe."""

import argparse
import logging
import secrets
import sys
from pathlib import Path

import numpy as np

from shicho.engine import Game, Rules
from shicho.engine.errors import BadConfig, BadNetwork
from shicho.engine.player import Mode, Player
from shicho.engine.policy import Policy
from shicho.engine.rules import RULE_SETS
from shicho.engine.version import shicho_version
from shicho.gtp.server import serve
from shicho.gtp.session import Session


def run() -> int:
    """Read the options from sys.argv, serve stdin and return the exit code: 2 if the network cannot be used.

    Raises OSError if stdout cannot be written.
    """
    options = _parser().parse_args()
    if options.version:
        sys.stdout.write(f"shicho-gtp {shicho_version()}\n")
        return 0
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="shicho-gtp: %(message)s")
    try:
        policy = Policy(options.network, options.threads)
    except BadNetwork as error:
        logging.error("%s", error)
        return 2
    seed = secrets.randbits(32) if options.seed is None else options.seed
    mode = Mode.ARGMAX if options.argmax else Mode.BETA
    version = f"{shicho_version()} ({policy.path.stem})"
    logging.info("version %s, %s, seed %d", version, mode, seed)
    session = Session(Player(policy, np.random.default_rng(seed), mode), version, seed, Game(rules=options.rules))
    # A reading thread holds no lock of an unbuffered stream, so the process can end while the thread waits for input.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
        serve(session, source, sys.stdout.buffer)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shicho-gtp", description="The Go engine Shicho, as a GTP 2 server.")
    parser.add_argument("--network", type=Path, metavar="FILE", help="ONNX file (default: the included network)")
    parser.add_argument("--seed", type=_whole_number, metavar="S", help="random seed (default: a new one each time)")
    parser.add_argument("--argmax", action="store_true", help="always play the most probable move")
    names = ", ".join(RULE_SETS)
    parser.add_argument("--rules", type=_rules, metavar="NAME", default=Rules(), help=f"{names} (default: chinese)")
    parser.add_argument("--threads", type=_positive, metavar="N", help="threads for the network (default: 2)")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def _whole_number(text: str, least: int = 0) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
    return int(text)


def _rules(text: str) -> Rules:
    try:
        return Rules.named(text)
    except BadConfig as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    return _whole_number(text, 1)
