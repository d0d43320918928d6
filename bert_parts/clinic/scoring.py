"""What a set of tests is worth: how many patients it catches, and how many healthy projects it refuses."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bert_parts.clinic.project import Project


def passes(test: Callable, project: Project) -> bool:
    """Whether a project passes a test. One that raises an error has not been passed."""
    try:
        return bool(test(project))
    except Exception:     # a test may fail at anything, as a sick project may
        return False


def score_tests(tests, ill, healthy):
    """What a set of tests is worth. A project is refused if it fails at least one of them.

    Args:
        tests: functions of a project. To answer False fails it, and so does to raise an error.
        ill: projects that should be refused, by name; healthy: projects that should not.

    Returns:
        "caught", "missed", "refused": lists of names, in the order given: the ill that are
        refused, the ill that are not, and the healthy that are refused.
    """
    failed = {name: not all(passes(test, project) for test in tests)
              for projects in (ill, healthy) for name, project in projects.items()}
    return {"caught": [name for name in ill if failed[name]],
            "missed": [name for name in ill if not failed[name]],
            "refused": [name for name in healthy if failed[name]]}


@dataclass(frozen=True)
class Score:
    """Which tests a set of projects fails.

    Attributes:
        ill, healthy: for each project, by name, the names of the tests that it fails.
    """

    ill: Mapping[str, list[str]]
    healthy: Mapping[str, list[str]]

    @property
    def caught(self) -> list[str]:
        return [name for name, tests in self.ill.items() if tests]

    @property
    def refused(self) -> list[str]:
        return [name for name, tests in self.healthy.items() if tests]

    def of(self, tests: Iterable[Callable]) -> "Score":
        """The score of some of the tests, without running them again."""
        names = {test.__name__ for test in tests}
        return Score(*({name: [test for test in failed if test in names] for name, failed in projects.items()}
                       for projects in (self.ill, self.healthy)))

    def table(self) -> str:
        """A line for each test that refuses somebody, and one for all together."""
        tests = dict.fromkeys(test for failed in (*self.ill.values(), *self.healthy.values()) for test in failed)
        lines = [f"{len(self.caught)} of {len(self.ill)} patients caught, "
                 f"{len(self.refused)} of {len(self.healthy)} healthy refused"]
        for test in tests:
            for sort, projects in (("catches", self.ill), ("wrongly refuses", self.healthy)):
                names = [name for name, failed in projects.items() if test in failed]
                if names:
                    lines.append(f"   {test} {sort} {', '.join(names)}")
        missed = [name for name in self.ill if name not in self.caught]
        return "\n".join(lines + [f"   nobody catches {', '.join(missed)}"] * bool(missed))


def scored(tests: Iterable[Callable], ill: Mapping[str, Project], healthy: Mapping[str, Project]) -> Score:
    """Put every project to every test."""
    tests = list(tests)
    return Score(*({name: [test.__name__ for test in tests if not passes(test, project)] for name, project in projects.items()}
                   for projects in (ill, healthy)))
