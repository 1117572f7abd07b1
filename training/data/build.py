"""Build a game store from SGF sources: parse on a pool of processes, remove duplicates, split by game, count the rest.

The parent process streams the texts of games out of archives and sends them to the workers in blocks; the workers
parse, replay and pack them. Memory holds the moves of all games at most twice, and never all of their SGF.
"""

import hashlib
import multiprocessing
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadRecord, ShichoError
from shicho.training.data.records import CUTS, LeftOut, RecordBlock, read_block
from shicho.training.data.sources import Damage, GameSource, Text, read_games
from shicho.training.data.store import TEST, TRAIN, VALIDATION, Games, Source, join_games

BLOCK_GAMES: Final = 400
VALIDATION_SHARE: Final = 100


class WorkerEnded(ShichoError):
    """A process that parses games ended before it returned them."""


@dataclass(frozen=True, kw_only=True)
class Take:
    """Use only `count` records, drawn by seed, of all sources that have this name."""

    name: str
    count: int

    @classmethod
    def parse(cls, text: str) -> "Take":
        """Parse `NAME=COUNT`; raise BadRecord for anything else."""
        name, equals, count = text.rpartition("=")
        if not (name and equals and count.isdecimal()):
            raise BadRecord("not of the form NAME=COUNT", f"--take {text}")
        return cls(name=name, count=int(count))


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """Callbacks of a build: `message` gets one line for each problem, `advance` the number of bytes just read."""

    message: Callable[[str], None]
    advance: Callable[[int], None]


@dataclass(kw_only=True)
class _Account:
    """The counts and blocks of one source so far."""

    games_read: int = 0
    moves_read: int = 0
    damaged: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    moves_left_out: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    blocks: list[RecordBlock] = field(default_factory=list)


def build_games(
    sources: Sequence[GameSource],
    *,
    takes: Sequence[Take] = (),
    ownership: bool = False,
    jobs: int,
    seed: int,
    report: Reporter,
) -> tuple[Games, list[Source]]:
    """Return all games that are kept, in the order of the sources, and the account of every source.

    With `ownership`, the final owner of every point is estimated for games that ended by counting (about 6 ms each).
    `jobs` processes parse (1: this process); the result does not depend on their number. Raises BadRecord if a `take`
    names no source, and WorkerEnded if a process ends early.
    """
    chosen = _draw(sources, takes, seed)
    accounts = [_Account() for _ in sources]
    with _pool(jobs) as executor:
        pending: deque[Future[RecordBlock] | RecordBlock] = deque()
        owners: deque[int] = deque()
        for number, texts in _blocks(sources, chosen, accounts, report):
            work = (texts, number, ownership)
            pending.append(executor.submit(read_block, *work) if executor else read_block(*work))
            owners.append(number)
            if len(pending) > 3 * jobs:
                _collect(pending.popleft(), accounts[owners.popleft()], report)
        while pending:
            _collect(pending.popleft(), accounts[owners.popleft()], report)
    return _finish(sources, accounts)


@contextmanager
def _pool(jobs: int) -> Iterator[Executor | None]:
    """Provide processes that ignore Ctrl-C (the parent handles it and drops what still waits); None for one job."""
    if jobs == 1:
        yield None
        return
    executor = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    try:
        with _interrupts_ignored():
            for _ in range(jobs):
                executor.submit(int)
        yield executor
    except BrokenProcessPool:
        raise WorkerEnded(
            f"one of {jobs} parsing processes was ended from outside (out of memory?); see --jobs"
        ) from None
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let processes started within ignore Ctrl-C, which they inherit; only the main thread can set this."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _draw(sources: Sequence[GameSource], takes: Sequence[Take], seed: int) -> dict[int, NDArray[np.bool_]]:
    """Return for each source that is used in part which of its records are used.

    A take applies to the sources of exactly that name, else to those in a folder of that name; to a test source only by
    its own name.
    """
    chosen: dict[int, NDArray[np.bool_]] = {}
    own_names = set[str]().union(*(_own_names(source) for source in sources))
    for take in sorted(takes, key=lambda take: take.name not in own_names):
        named = [n for n, source in enumerate(sources) if take.name in _own_names(source)]
        below = [n for n, source in enumerate(sources) if take.name in source.labels and not source.test]
        numbers = [n for n in named or below if n not in chosen]
        if not numbers:
            raise BadRecord("no source or folder of that name", f"--take {take.name}={take.count}")
        counts = [sum(isinstance(text, Text) for text in read_games(sources[n])) for n in numbers]
        digest = hashlib.sha256(f"{seed} {take.name}".encode()).digest()
        rng = np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))
        mask = np.zeros(sum(counts), np.bool_)
        mask[rng.permutation(len(mask))[: take.count]] = True
        chosen.update(zip(numbers, np.split(mask, np.cumsum(counts)[:-1]), strict=True))
    return chosen


def _own_names(source: GameSource) -> set[str]:
    return {source.name, *(file.stem for file in source.files if file.is_archive)}


def _blocks(
    sources: Sequence[GameSource],
    chosen: dict[int, NDArray[np.bool_]],
    accounts: Sequence[_Account],
    report: Reporter,
) -> Iterator[tuple[int, list[Text]]]:
    """Yield the chosen texts in blocks of one source each; count the others and the damage in the accounts."""
    for number, source in enumerate(sources):
        account, mask = accounts[number], chosen.get(number)
        block: list[Text] = []
        for found in read_games(source, report.advance):
            if isinstance(found, Damage):
                account.damaged += 1
                report.message(f"{found.place}: damaged ({found.error}); what could be read before it stays")
                continue
            account.games_read += 1
            if mask is not None and not mask[account.games_read - 1]:
                account.left_out[LeftOut.NOT_TAKEN] += 1
                continue
            block.append(found)
            if len(block) == BLOCK_GAMES:
                yield number, block
                block = []
        if block:
            yield number, block


def _collect(done: Future[RecordBlock] | RecordBlock, account: _Account, report: Reporter) -> None:
    block = done if isinstance(done, RecordBlock) else done.result()
    account.left_out += block.left_out
    account.moves_left_out += block.moves_left_out
    account.moves_read += sum(block.moves_left_out.values()) + int(block.moves_read.sum())
    for message in block.messages:
        report.message(message)
    account.blocks.append(replace(block, messages=[]))


def _finish(sources: Sequence[GameSource], accounts: Sequence[_Account]) -> tuple[Games, list[Source]]:
    keep = iter(_first_copies(sources, accounts))
    kept_games: list[Games] = []
    finished: list[Source] = []
    for source, account in zip(sources, accounts, strict=True):
        kept = [_keep(block, next(keep), account, source.test) for block in account.blocks]
        account.blocks.clear()
        kept_games += kept
        entry = Source(
            name=source.name,
            group=source.group,
            sha256=source.sha256(),
            test=source.test,
            min_rank=source.min_rank,
            games_read=account.games_read,
            moves_read=account.moves_read,
            kept_games=sum(len(games) for games in kept),
            kept_moves=sum(len(games.moves) for games in kept),
            left_out=dict(account.left_out),
            moves_left_out=dict(account.moves_left_out),
            cut=dict(account.cut),
            damaged=account.damaged,
        )
        if not entry.adds_up:
            raise AssertionError(f"records of {source.name} are not all accounted for: {entry}")
        finished.append(entry)
    return join_games(kept_games), finished


def _first_copies(sources: Sequence[GameSource], accounts: Sequence[_Account]) -> list[NDArray[np.bool_]]:
    """Return for each block which games stay: of games of one hash, test copies first, then the longest, the first."""
    owned = zip(sources, accounts, strict=True)
    blocks = [(block, source.test) for source, account in owned for block in account.blocks]
    if not blocks:
        return []
    hashes = np.concatenate([block.games.hash for block, _ in blocks])
    lengths = np.concatenate([block.games.lengths for block, _ in blocks])
    training = np.concatenate([np.full(len(block.games), not test) for block, test in blocks])
    order = np.lexsort((-lengths, training, hashes))
    keep = np.zeros(len(hashes), np.bool_)
    keep[order[np.flatnonzero(np.diff(hashes[order], prepend=~hashes[order[:1]]))]] = True
    return np.split(keep, np.cumsum([len(block.games) for block, _ in blocks])[:-1])


def _keep(block: RecordBlock, keep: NDArray[np.bool_], account: _Account, test: bool) -> Games:
    """Return the games that stay, with their split; count duplicates and what was cut off in the account."""
    account.left_out[LeftOut.DUPLICATE] += int((~keep).sum())
    account.moves_left_out[LeftOut.DUPLICATE] += int(block.moves_read[~keep].sum())
    cut_off = block.moves_read - block.games.lengths
    for number, cut in enumerate(CUTS, start=1):
        these = keep & (block.cut == number)
        account.cut[cut] += int(these.sum())
        account.moves_left_out[cut] += int(cut_off[these].sum())
    games = block.games.select(keep)
    split = np.where(games.hash % VALIDATION_SHARE == 0, VALIDATION, TRAIN)
    return replace(games, split=np.full(len(games), TEST, np.uint8) if test else split.astype(np.uint8))
