"""Look through lessons: does every known mistake apply, is it refused, and by its own name?

    python -m tools.lessons                      all exercises
    python -m tools.lessons attention_weights    some
    python -m tools.lessons --source NAME        the source that the patches of an exercise change
"""

import os
import sys
import tempfile
import time

from bert_parts.learn import EXERCISES, check, diagnosis
from bert_parts.learn.exercise import Exercise
from bert_parts.learn.judging import judge
from bert_parts.learn.patches import PatchError
from tools.console import print_anything


def problems(exercise: Exercise) -> list[str]:
    """What is not as it should be with an exercise and its page."""
    refusal = judge(exercise, exercise.made(()))
    found = [f"its own source is refused: {refusal.message}"] if refusal else []
    for mistake in exercise.mistakes:
        for number, way in enumerate(mistake.ways, 1):
            began = time.monotonic()
            try:
                result = check(exercise.made(way))
            except (PatchError, SyntaxError) as error:
                found.append(f"{mistake.name}, way {number}, does not apply: {error}")
                continue
            if (result.status, result.mistake) != ("not yet", mistake.name):
                found.append(f"{mistake.name}, way {number}: {result.status} ({result.mistake}) {result.message}")
            if time.monotonic() - began > 5:
                found.append(f"{mistake.name}, way {number}, took {time.monotonic() - began:.1f} seconds")
    return found


def main(names: list[str]):
    print_anything()
    if names[:1] == ["--source"]:
        print("\n\n\n".join(EXERCISES[name].source for name in names[1:]))
        return
    diagnosis.FOR_PLACE = 0     # the line of a known mistake is not looked for, which would take long
    failed = False
    for name in names or EXERCISES:
        found = problems(EXERCISES[name])
        failed = failed or bool(found)
        ways = sum(len(mistake.ways) for mistake in EXERCISES[name].mistakes)
        print(f"{name}: {len(EXERCISES[name].mistakes)} mistakes, {ways} ways to make them, {len(found)} problems", flush=True)
        for each in found:
            print("  ", each.replace("\n", "\n      "))
    sys.exit(failed)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BERT_PARTS_HOME"] = folder
        main(sys.argv[1:])
