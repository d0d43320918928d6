"""A patient: a project with one ill part, what people saw of it, and a number that shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import fill

from bert_parts.clinic.project import Project, part_named, sound

WIDE = 88     # characters of a printed line


@dataclass(frozen=True)
class Patient:
    """A project with one ill part.

    Attributes:
        name: which says nothing.
        complaint: what was seen, as somebody might have put it.
        shows: the number that shows it: of a project, the sound one or the ill.
        unit: what that number is.
        part: the name of the ill part, and `ill`, what stands in its place.
        illness: what is wrong with it, in a sentence.
        source: the number in a public tracker on which this is modelled, "owner/name#1", and `known`, what is told of it there.
    """

    name: str
    complaint: str
    shows: Callable[[Project], float]
    unit: str
    part: str
    ill: Callable
    illness: str
    source: str = ""
    known: str = ""

    @property
    def project(self) -> Project:
        """The project as it came in."""
        return sound().with_part(self.part, self.ill)


def chart(patient: Patient) -> str:
    """What is known when a patient comes in: the complaint, and the number, beside that of the sound project."""
    ill, well = patient.shows(patient.project), patient.shows(sound())
    return (fill(f"{patient.name}: “{patient.complaint}”", WIDE, subsequent_indent="   ") + "\n"
            + fill(f"{patient.unit}: {number(ill)}; in the sound project: {number(well)}", WIDE, initial_indent="   ",
                   subsequent_indent="      "))


def number(value: float) -> str:
    """Few digits, whatever the size; what is as small as rounding is 0."""
    if abs(value) < 1e-6:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1e}" if abs(value) < 1e-2 else f"{value:.2f}"


def suspect(patient: Patient, part: str) -> str:
    """Whether a patient's ill part is the one that is named.

    Raises:
        ValueError: a project has no part of that name.
    """
    part_named(part)
    if part == patient.part:
        return f"Yes: what ails {patient.name} is in {part}."
    return f"No: {patient.name}'s {part} is sound. Which experiment would tell it from the others?"
