"""What was verified, as files beside the records, and the table of them in speedrun/README.md."""

import hashlib
import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from bert_parts.files import file_digest, read_json, whole_file, whole_files
from speedrun.fence import ROOT
from speedrun.runner import load_record
from speedrun.verify import Run

FOLDER = ROOT / "speedrun"
PARTS = ("text", "clock", "counts", "encoder", "loop", "recipes")     # what all records may be made of
FURTHER = {"speedrun.mixing": ("contexts", "mixture", "mixing"), "speedrun.swift": ("swift",),
           "speedrun.product": ("book", "product")}                   # and those that name one of these
RECORDS, LOGS, PAGE = FOLDER / "records", FOLDER / "logs", FOLDER / "README.md"
BEGIN, END = "<!-- made by python -m speedrun table -->", "<!-- end -->"
HEAD = ("| # | what changed | loss, nats | seeds | right | against the one before | by |", "|---|---|---|---|---|---|---|")
SURE = 1.96              # standard errors on each side: a 95 % interval


def records() -> list[Path]:
    return sorted(RECORDS.glob("[0-9]*.py"))


def logs_of(record: Path) -> Path:
    """Where its runs are written down: beside the project's records, or, as long as it is none of them, beside itself."""
    return LOGS if record.resolve().parent == RECORDS else record.resolve().parent / "logs"


def digest_of(record: Path) -> str:
    """Of the record and of all that it may be made of: SHA-256 of each file's, one after the other."""
    source = record.read_text(encoding="utf-8")
    parts = (*PARTS, *(part for name, some in FURTHER.items() if name in source for part in some))
    digests = (file_digest(path) for path in (record, *(FOLDER / f"{part}.py" for part in parts)))
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def log_of(record: Path) -> dict:
    """What is known of a record as it is now: {"digest", "runs": [{"seed", "seconds", "loss", "right", "facts"}]}."""
    path, digest = logs_of(record) / f"{record.stem}.json", digest_of(record)
    found = read_json(path) if path.is_file() else {}
    return found if found.get("digest") == digest else {"digest": digest, "runs": []}     # of another version nothing


def losses_of(record: Path) -> Tensor:
    """Of each question the loss, on average over the seeds: (Q,)."""
    return load_file(logs_of(record) / f"{record.stem}.safetensors")["losses"].double().mean(dim=0)


def add(record: Path, run: Run, facts: dict[str, str]):
    """Write down a verified run, and what it hangs on, such as the machine."""
    known, logs = log_of(record), logs_of(record)
    before = load_file(logs / f"{record.stem}.safetensors")["losses"] if known["runs"] else run.losses.new_empty(0, len(run.losses))
    known["runs"].append({"seed": run.seed, "seconds": round(run.seconds), "loss": round(run.losses.mean().item(), 4),
                          "right": round(run.right.double().mean().item(), 4), "facts": facts})
    text, numbers = names = f"{record.stem}.json", f"{record.stem}.safetensors"
    with whole_files(logs, names) as folder:
        (folder / text).write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        save_file({"losses": torch.cat([before.half(), run.losses.half()[None]])}, folder / numbers)


def with_interval(values: Tensor) -> tuple[float, float]:
    """A mean over questions, and half of its 95 % interval."""
    return values.mean().item(), SURE * values.std().item() / math.sqrt(len(values))


def table(some: list[Path]) -> list[str]:
    """The lines of the table: a record for each of `some` that was verified."""
    lines, before = [*HEAD], None
    for record in some:
        runs, about = log_of(record)["runs"], load_record(record)
        if not runs:
            continue
        losses = losses_of(record)
        scattered = f"{len(runs)}: {' '.join(format(run['loss'], '.3f') for run in runs)}"
        right = sum(run["right"] for run in runs) / len(runs)
        gain = "" if before is None else "{:+.3f} ± {:.3f}".format(*with_interval(losses - before))
        lines.append(f"| [{record.stem[:2]}](records/{record.name}) | {about.__doc__.strip().splitlines()[0]} | "
                     f"{'{:.3f} ± {:.3f}'.format(*with_interval(losses))} | {scattered} | {right:.1%} | {gain} | {about.BY} |")
        before = losses
    return lines


def write(page: Path = PAGE):
    """Put the table of all records into the page."""
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    with whole_file(page) as path:
        path.write_text(f"{head}{BEGIN}\n{chr(10).join(table(records()))}\n{END}{rest.split(END)[1]}", encoding="utf-8")
