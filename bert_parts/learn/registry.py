"""All lessons of the course, in its order: every ``lesson_NN_….py`` of this folder."""

import importlib
import pkgutil
from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = sorted(found.name for found in pkgutil.iter_modules([str(FOLDER)]) if found.name.startswith("lesson_"))
LESSONS = tuple(importlib.import_module(f"bert_parts.learn.{name}") for name in NAMES)

EXERCISES = {exercise.name: exercise for lesson in LESSONS for exercise in lesson.EXERCISES}
QUIZZES = {lesson.NOTEBOOK: lesson.QUIZ for lesson in LESSONS}
NOTEBOOKS = {lesson.NOTEBOOK: lesson.TITLE for lesson in LESSONS}
