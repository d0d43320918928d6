"""All exercises and quizzes of the course, in its order."""

from bert_parts.learn import lesson_00_start_here, lesson_01_attention

LESSONS = (lesson_00_start_here, lesson_01_attention)
EXERCISES = {exercise.name: exercise for lesson in LESSONS for exercise in lesson.EXERCISES}
QUIZZES = {lesson.NOTEBOOK: lesson.QUIZ for lesson in LESSONS}
NOTEBOOKS = {lesson.NOTEBOOK: lesson.TITLE for lesson in LESSONS}
