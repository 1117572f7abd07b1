"""docs/inside.md: the tables of what was found, made from its JSON file, and the pictures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shicho.tools.inside.pictures import PICTURES
from shicho.tools.inside.sample import PLANES

Found = Mapping[str, Any]

POLICY_POOL: Final = "policy.pool"
NOTES: Final = "## Notes on the network of SHA-256 `{}`"

HEAD: Final = """<!-- Made by `shicho inside`; only notes at the end, if there are any, are written by hand. -->
# Inside a network

Which channels of the network's layers detect a ko, the phase of the game, the last move, territory, urgency? Here every
channel is correlated with labels that are computed from games, and the best ones are shown in positions. One command
makes the page, tables, pictures and all, of a network that was exported with taps (RUN is the folder of a run or of a
checkpoint):

```sh
shicho export RUN --taps -o taps.onnx
shicho inside games.h5 --network taps.onnx --game {game} -o docs/inside.md
```

**Network:** {network}

**Games:** {sample}

## How it is measured

- *Channels:* those of every layer with a value for each point. `stem` is the first convolution, `block1` what the first
  block hands on, `block1.first` and `block1.second` the activations before its two convolutions, `policy.first` and
  `policy.pool` those in the policy head. The head pools `policy.pool`; a block that pools takes the mean and the
  maximum of its `first`. Blocks add to what they are given, so channel 5 of `block3` and that of `block4` have much in
  common.
- *Labels of points* have a value for each point, and a channel's value there is compared with it. *Labels of positions*
  have one value, which is compared with the mean and with the maximum of the channel over the board.
- *r* is Pearson's correlation coefficient, for labels of yes or no the point-biserial one. *AUC* is how often the value
  of a "yes" is above that of a "no": 0.5 is chance, and 0 is as good as 1 (the channel is low where the label is yes).
  For a label that is rarely yes, such as the last move, r can be small where the AUC is near 1.
- *Selection and report:* the channels of each table are the best of some thousand by |r| in one half of the games, so
  their r there (the column *chosen by*) is too good. All other figures are from the other half. Brackets hold the 95 %
  interval of 1000 bootstrap samples that draw games, not positions. The label *random number* shows what is left of a
  channel that was chosen by chance.
- *The best input plane* is what a channel has to beat: some labels are given to the network as they are.
- A correlation says that a channel goes along with a label, not that the network uses it so.

Own and opponent are those of the side to move. Final owners are those of the store (`shicho data build --ownership`).

## All labels

{summary}

![Labels by layers, with the correlation of the best channel of each]({folder}/layers.png)

Every cell holds |r| of the layer's best channel and its number.

Pictures have the colours of `shicho picture channels`: grey for 0, red to green above, cyan to magenta below; the
strongest colours are the largest absolute value on the board, or on all boards of a pair or a filmstrip. Dots are the
stones. The game is `{game}`.
"""


@dataclass(frozen=True)
class Section:
    """A part of the page: its title, what has to be known to read it, its labels and its pictures."""

    title: str
    text: str
    labels: tuple[str, ...]
    pictures: tuple[str, ...] = ()


SECTIONS: Final = (
    Section(
        "Ko",
        "The ban is an input plane; the question is where it arrives. Channels that are pooled tell the whole board.",
        ("ko", "recent ko", "ko point"),
        ("ko",),
    ),
    Section(
        "Phase of the game",
        "The number of stones is nearly the number of moves, so the mean of a plane of stones tells the phase, and it"
        " would be odd if no channel did. The lead is harder.",
        ("moves played", "lead"),
        ("phase",),
    ),
    Section(
        "The last move",
        "The last move is an input plane; the distance to it has to be computed.",
        ("last move", "distance to last move"),
        ("last-move",),
    ),
    Section(
        "Urgency",
        "A position is urgent if one move has most of the probability, or if the last move is answered where it was"
        " played.",
        ("sureness", "answered nearby", "next move"),
        ("urgency",),
    ),
    Section("Territory", "Empty points and who owns them at the end of the game.", ("territory",), ("territory",)),
    Section(
        "Life and death",
        "Stones that the other side owns at the end of the game, and chains that have an eye far away from the stone."
        " Such chains also differ from others in size and in liberties, so a channel of these correlates with far eyes"
        " too; in the pair of positions below, liberties are equal.",
        ("own stone lost", "opponent's stone lost", "far eye"),
        ("lost-stones", "far-eye"),
    ),
    Section(
        "Ladders and liberties",
        "Input planes hold the verdict of the ladder solver, one for chains in atari and one for chains with two"
        " liberties, and liberties up to four.",
        ("ladder", "liberties", "liberties from 5"),
        ("ladder",),
    ),
    Section("Chance", "A number that has nothing to do with the position.", ("random number",)),
)


def page_text(report: Mapping[str, Any], folder: str, notes: str = "") -> str:
    """Return the page as Markdown: of a report (the JSON file), with pictures in `folder`, and notes."""
    found = {one["label"]: one for one in report["labels"]}
    head = HEAD.format(
        game=report["game"],
        network=_network(report["network"]),
        sample=_sample(report["sample"]),
        summary=_summary(report["labels"]),
        folder=folder,
    )
    parts = [head, *(_section(section, found, report["pictures"], folder) for section in SECTIONS), notes]
    return "\n".join(part for part in parts if part)


def notes_about(page: str, sha256: str) -> str:
    """Return the hand-written notes of a page if they are about the network of that hash, else nothing."""
    found = re.search(f"^{re.escape(NOTES.format(sha256))}$.*", page, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def _network(network: Mapping[str, Any]) -> str:
    trained = f"preset `{network['preset']}`, {network['samples']:,} samples, " if network["preset"] else ""
    return f"{trained}feature set {network['features']}. SHA-256 of the file with taps: `{network['sha256']}`."


def _sample(sample: Mapping[str, Any]) -> str:
    return (
        f"{sample['games']} even 19×19 games of the split `{sample['split']}` ({', '.join(sample['sources'])}) that"
        f" ended by counting, {sample['positions']} positions of each, drawn with seed {sample['seed']}. Half of the"
        " games choose the channels, the other half measures them."
    )


def _summary(labels: Sequence[Found]) -> str:
    pooled = any(row["layer"] == POLICY_POOL for one in labels for row in one["layers"])
    header = [
        "label",
        "means",
        "best channel",
        "r",
        "AUC",
        *(["best of `policy.pool`"] if pooled else []),
        "best input plane",
    ]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for one in labels:
        best = one["best"][0] if one["best"] else None
        cells = [one["label"], one["meaning"], _channel(best), _interval(best, "r"), _figure(best, "auc")]
        if pooled:
            of_pool = next((row for row in one["layers"] if row["layer"] == POLICY_POOL), None)
            cells.append(_channel_and_r(of_pool))
        lines.append("| " + " | ".join([*cells, _channel_and_r(one["plane"])]) + " |")
    return "\n".join(lines)


def _section(section: Section, found: Mapping[str, Found], pictures: Sequence[str], folder: str) -> str:
    lines = [f"## {section.title}", "", section.text, ""]
    for name in section.labels:
        lines += [*_table(found[name]), ""]
    for name in section.pictures:
        if name in pictures:
            caption = PICTURES[name].caption
            lines += [f"![{caption.split('. ')[0].removesuffix('.')}]({folder}/{name}.png)", "", caption, ""]
    return "\n".join(lines)


def _table(one: Found) -> list[str]:
    counts = f"{one['n']:,} " + (
        "values" if not one["yes_or_no"] or one["mean"] is None else f"values, {one['mean']:.2%} yes"
    )
    title = f"**{one['label'].capitalize()}**: {one['meaning']} ({counts}; {one['tried']:,} candidates)"
    if not one["best"]:
        return [f"{title}. Too few to compare."]
    lines = [title, "", "| channel | chosen by | r |" + (" AUC |" if one["yes_or_no"] else "")]
    lines.append("|---|---|---|" + ("---|" if one["yes_or_no"] else ""))
    for row in one["best"]:
        cells = [_channel(row), _figure(row, "selection_r"), _interval(row, "r")]
        lines.append("| " + " | ".join([*cells, *([_interval(row, "auc")] if one["yes_or_no"] else [])]) + " |")
    return lines


def _channel(row: Found | None) -> str:
    if row is None:
        return ""
    where = f"`{row['name']}`" if row["layer"] == PLANES else f"`{row['layer']}` {row['number']}"
    return where + (f", {row['pooled']}" if row["pooled"] else "")


def _channel_and_r(row: Found | None) -> str:
    return "" if row is None else f"{_channel(row)}: {_figure(row, 'r')}"


def _interval(row: Found | None, name: str) -> str:
    if row is None or row.get(name) is None:
        return ""
    low, high = row[f"{name}_interval"]
    return f"{_number(row[name])} [{_number(low)}, {_number(high)}]"


def _figure(row: Found | None, name: str) -> str:
    return "" if row is None or row.get(name) is None else _number(row[name])


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
