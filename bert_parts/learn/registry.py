"""All lessons of the course, in its order: every folder of ``lessons/``."""

import importlib
from pathlib import Path

from bert_parts.learn.lesson_pages import quiz_page

FOLDERS = sorted(path.parent for path in (Path(__file__).parent / "lessons").glob("*/exercises.py"))
LESSONS = {folder: importlib.import_module(f"bert_parts.learn.lessons.{folder.name}.exercises") for folder in FOLDERS}

EXERCISES = {exercise.name: exercise for lesson in LESSONS.values() for exercise in lesson.EXERCISES}
QUIZZES = {folder.name: quiz_page(folder / "quiz.md") for folder in FOLDERS}
NOTEBOOKS = {folder.name: lesson.TITLE for folder, lesson in LESSONS.items()}
