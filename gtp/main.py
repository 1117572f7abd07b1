"""The command `shicho-gtp`: the engine as a GTP server on stdin and stdout."""

import argparse
import logging
import os
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


def main() -> int:
    """Serve GTP until `quit` or the end of input and return the exit code: 2 if the network cannot be used."""
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
    session = Session(Player(policy, np.random.default_rng(seed), mode), version, Game(rules=options.rules))
    try:
        serve(session, sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        _discard_stdout()
    except KeyboardInterrupt:
        return 130
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


def _discard_stdout() -> None:
    """Redirect stdout to the null device, so that flushing its buffer at exit does not raise."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
