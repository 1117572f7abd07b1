"""Reusing results: a job that another experiment in the same folder has done is not done again."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from shicho.engine.version import shicho_commit, shicho_version
from shicho.training.config import to_json
from shicho.training.experiments.job import RESULT_NAME, Job, Result, read_job, read_result, write_config
from shicho.training.run.metrics import METRICS_NAME

WITHOUT_EFFECT: Final = {"experiment", "arm", "games", "checkpoint_every"}
"""The fields of a job that do not change its result; the games are identified by their hash."""


def take_over(folder: Path, jobs: Mapping[str, Job]) -> dict[str, Result]:
    """Copy the results, and metrics, of equal jobs of other experiments in the folder that `folder` is in; return them.

    `jobs` are those of `folder` by name; those with a result keep it. Only results of the same version and commit
    count, and none in a checkout with changes or outside a checkout, where nothing tells which code it was.
    """
    version, commit = shicho_version(), shicho_commit()
    if commit is None or commit.endswith("+"):
        return {}
    known: dict[str, tuple[Path, Result]] = {}
    for path in sorted(folder.parent.glob(f"*/*/{RESULT_NAME}")):
        place, result = path.parent, read_result(path.parent)
        if place.parent == folder or result is None or result.figures is None or result.taken_from:
            continue
        if (result.environment.get("shicho_version"), result.environment.get("git_commit")) == (version, commit):
            known[_content(read_job(place))] = place, result
    taken = {}
    for name, job in jobs.items():
        place, content = folder / name, _content(job)
        if content not in known or (place / RESULT_NAME).exists():
            continue
        source, found = known[content]
        origin = f"{source.parent.name}/{source.name}"
        taken[name] = found.model_copy(update={"arm": job.arm, "taken_from": origin})
        shutil.copyfile(source / METRICS_NAME, place / METRICS_NAME)
        write_config(place / RESULT_NAME, taken[name])
    return taken


def _content(job: Job) -> str:
    return json.dumps({key: value for key, value in to_json(job).items() if key not in WITHOUT_EFFECT}, sort_keys=True)
