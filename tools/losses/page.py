"""The page of lost games: how often the player led in them, where the points went, and the largest falls."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Final

from shicho.engine.errors import BadConfig
from shicho.engine.files import replacing
from shicho.tools.losses.games import PlayedGame
from shicho.tools.losses.leads import WINDOW, Course
from shicho.tools.losses.pictures import save_falls, save_leads

MARKS: Final = (60, 120, 180, 240)
ON_A_SHEET: Final = 6

_TEXT: Final = """<!-- Made by `shicho match losses`. -->
# Lost games of {player}

{player} lost {lost} of {games} games. {judge} estimates the score of the lost ones after every {every} moves; its
opinion is that of one program, and it misjudges fights too. Each estimate is replaced by the median of it and its
two neighbours, so that a single wrong one is not taken for a loss.

| after move | games still going on | {player} leads in | lead, median |
|---|---|---|---|
{marks}

| moves | games | points lost in a game, mean |
|---|---|---|
{phases}

![Lead in the course of the lost games]({folder}/leads.png)

## Largest falls

The most points lost within {window} moves of each game, the games in the order of these losses. Stones are those at
the beginning of the fall, its moves are numbered, and a cross marks stones of {player} that were captured, or that
{judge} believes dead at its end and did not at its beginning.

| | game | colour | result | moves | lead before | points | stones lost |
|---|---|---|---|---|---|---|---|
{falls}

{pictures}
"""


def check_page(page: Path) -> None:
    """Raise BadConfig unless the page ends in .md, and neither it nor its folder is something else already."""
    if page.suffix != ".md":
        raise BadConfig(f"{page}: the page must end in .md")
    if page.is_dir():
        raise BadConfig(f"{page}: is a folder")
    if page.with_suffix("").is_file():
        raise BadConfig(f"{page.with_suffix('')}: is a file; pictures need a folder of that name")


def save_page(
    page: Path,
    player: str,
    games: Sequence[PlayedGame],
    courses: Sequence[Course],
    *,
    judge: str,
    every: int,
    pictures: int,
) -> list[Path]:
    """Write PAGE.md and the folder PAGE with its pictures, and return their paths.

    courses: those of the lost games among `games`, at least one. judge: who estimated, for every `every` moves.
    pictures: of how many games at most.
    """
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(courses, key=lambda course: -course.fall.points)
    sheets: list[Path] = []
    for start in range(0, len(ordered[:pictures]), ON_A_SHEET):
        sheets.append(folder / f"falls-{len(sheets) + 1}.png")
        save_falls(sheets[-1], ordered[:pictures][start : start + ON_A_SHEET], first=start + 1)
    save_leads(folder / "leads.png", courses)
    text = _TEXT.format(
        player=player,
        judge=judge,
        lost=len(courses),
        games=len(games),
        every=every,
        window=WINDOW,
        folder=folder.name,
        marks="\n".join(_marks(courses)),
        phases="\n".join(_phases(courses)),
        falls="\n".join(_falls(ordered)),
        pictures="\n\n".join(f"![Largest falls]({folder.name}/{sheet.name})" for sheet in sheets),
    )
    with replacing(page) as beside:
        beside.write_text(text, encoding="utf-8")
    return [page, folder / "leads.png", *sheets]


def _marks(courses: Sequence[Course]) -> Iterator[str]:
    for mark in MARKS:
        leads = [lead for course in courses if (lead := course.lead_after(mark)) is not None]
        if leads:
            yield f"| {mark} | {len(leads)} | {sum(lead > 0 for lead in leads)} | {median(leads):+.1f} |"


def _phases(courses: Sequence[Course]) -> Iterator[str]:
    """Yield a row for each phase, of the games that reach its beginning; the last estimate of a game ends it."""
    for start, end in zip((0, *MARKS), (*MARKS, None), strict=True):
        lost = []
        for course in courses:
            before = course.lead_after(start)
            if before is not None:
                after = course.leads[-1] if end is None else course.lead_after(end)
                lost.append(before - (course.leads[-1] if after is None else after))
        if lost:
            yield f"| {start + 1} to {end or 'the end'} | {len(lost)} | {mean(lost):.1f} |"


def _falls(courses: Sequence[Course]) -> Iterator[str]:
    for number, course in enumerate(courses, 1):
        played, fall = course.played, course.fall
        before = course.lead_after(fall.first)
        yield (
            f"| {number} | {played.place} | {played.colour} | {played.result} | {fall.first + 1} to {fall.last} "
            f"| {before:+.1f} | {-fall.points:+.1f} | {len(fall.stones)} |"
        )
