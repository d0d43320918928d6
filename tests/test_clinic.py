"""Notebook 12's clinic: the ill are refused, the cured are accepted, the healthy are left alone."""

import inspect
import math
import re
from functools import cache

import pytest
import torch

from bert_parts.clinic import designed, wild
from bert_parts.clinic.healthy import HEALTHY
from bert_parts.clinic.invariants import REFERENCE
from bert_parts.clinic.patient import chart, number, suspect
from bert_parts.clinic.project import SOUND_PARTS, opened, sound
from bert_parts.clinic.scoring import passes, score_tests, scored
from bert_parts.clinic.ward import ILL, PATIENTS, treat
from tests.wrong_cures import WRONG_CURES

pytestmark = pytest.mark.usefixtures("module_on_one_thread")


@pytest.fixture(scope="module")
def reference():
    return scored(REFERENCE, ILL, HEALTHY)


def test_there_are_as_many_as_is_said():
    assert len(PATIENTS) == 25 and len(HEALTHY) == 20
    assert len(designed.DESIGNED) == 12 and len(wild.WILD) == 13
    assert [name[0] for name in PATIENTS] == list("ABCDEFGHIJKLMNOPQRSTUVWXY")


def test_the_reference_catches_all_and_refuses_no_healthy_project(reference):
    assert reference.caught == list(ILL) and reference.refused == []


@pytest.mark.parametrize("name", PATIENTS)
def test_a_patient(name):
    """The complaint's number differs from the sound one; untreated is refused, and the sound part cures."""
    patient = PATIENTS[name]
    ill, well = patient.shows(patient.project), patient.shows(sound())
    assert math.isnan(ill) or abs(ill - well) > 1e-3 or ill > 100 * max(well, 1e-7)
    assert patient.complaint in " ".join(chart(patient).split()) and suspect(patient, patient.part).startswith("Yes")
    assert str(treat(patient, patient.ill)) == f"✗ {name} has not been treated yet."
    assert treat(patient, SOUND_PARTS[patient.part]).cured


@pytest.mark.parametrize("name", PATIENTS)
def test_wrong_cures_are_refused(name):
    cures = WRONG_CURES[name]
    assert len(cures) >= 2
    assert [label for label, cure in cures.items() if treat(PATIENTS[name], cure).cured] == []


def test_there_are_at_least_fifty_wrong_cures():
    assert sum(map(len, WRONG_CURES.values())) >= 50 and WRONG_CURES.keys() == PATIENTS.keys()


def test_other_cures_than_the_courses_are_accepted():
    """A cure is judged by what it does, not by how it is written."""
    from bert_parts.clinic.healthy import ByHand, always_hidden, constant

    for name in ("Ben", "Clara", "Max", "Nora"):
        assert treat(PATIENTS[name], ByHand).cured
    assert treat(PATIENTS["Jonas"], always_hidden).cured and treat(PATIENTS["Karl"], constant).cured
    assert treat(PATIENTS["Yara"], lambda model: {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}).cured


def test_what_is_said_of_the_wild_has_a_number():
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", patient.source) and patient.known for patient in wild.WILD)
    assert len({patient.source for patient in wild.WILD}) == 13


def test_the_name_of_a_part_is_told_and_a_wrong_one_refused():
    assert suspect(PATIENTS["Anna"], "pool").startswith("No")
    assert "def forward" in opened(PATIENTS["Anna"].project, "BertEncoder")
    for asked in (lambda: suspect(PATIENTS["Anna"], "pooler"), lambda: opened(sound(), "pooler"),
                  lambda: sound().with_part("pooler", print)):
        with pytest.raises(ValueError, match="no part 'pooler': choose one of clean, pad"):
            asked()


def test_numbers_are_short():
    assert [number(value) for value in (0.0, 4e-7, 0.0085, 1.0, 3468.0, math.nan)] == ["0", "0", "8.5e-03", "1.00", "3,468", "nan"]


def test_ill_parts_say_nothing_of_what_ails_them():
    for patient in PATIENTS.values():
        source = inspect.getsource(patient.ill)
        assert "#" not in source.replace("#1", "") and '"""' not in source


def test_an_error_is_no_pass():
    assert not passes(lambda project: 1 / 0, sound()) and passes(lambda project: True, sound())


def test_the_table_names_who_is_caught_and_who_is_refused():
    def even(value):
        return value % 2 == 0

    def positive(value):
        return value > 0

    score = scored([even, positive], {"three": 3, "four": 4}, {"six": 6, "minus two": -2})
    assert score.table() == ("1 of 2 patients caught, 1 of 2 healthy refused\n   even catches three\n"
                             "   positive wrongly refuses minus two\n   nobody catches four")
    assert score.of([even]).refused == [] and score.of([positive]).caught == []


# ── sets of tests as learners write them ─────────────────────────────────────────────────────────────────────────────


def loss_falls(project):
    losses = project.train(6).losses
    return losses[-1] < losses[0]


def no_nan(project):
    return all(loss == loss for loss in project.train(4).losses)


@cache
def yesterday():
    return sound().train(2).losses[-1]


def same_as_yesterday(project):
    return abs(project.train(2).losses[-1] - yesterday()) < 0.001


def one_text_reads(project):
    return project.vectors(project.model(), project.read(["the rose is red"])).isfinite().all()


def small_weights_padding(project):
    model = project.model()
    with torch.no_grad():
        alone, beside = project.read(["he reads"]), project.read(["he reads", "the old man reads a book"])
        return torch.allclose(project.vectors(model, alone)[0], project.vectors(model, beside)[0], atol=1e-4)


def bit_for_bit_padding(project):
    model = project.model(hard=True)
    with torch.no_grad():
        alone, beside = project.read(["he reads"]), project.read(["he reads", "the old man reads a book"])
        return torch.equal(project.vectors(model, alone)[0], project.vectors(model, beside)[0])


def parts_are_the_courses(project):
    return all(project.parts[name] is SOUND_PARTS[name] for name in SOUND_PARTS)


def vectors_are_means(project):
    model, batch = project.model(), project.read(["he reads", "the old man reads a book"])
    with torch.no_grad():
        mean = project.hidden(model, batch)[0, batch["attention_mask"][0].bool()].mean(dim=0)
        return torch.allclose(project.vectors(model, batch)[0], mean, atol=1e-4)


def warms_up(project):
    rates = [project.parts["rate"](step, 20, project.peak, project.warmup) for step in range(20)]
    return 0 < rates[0] < rates[1]


def fails_at_everything(project):
    raise RuntimeError


BY_NAME = {test.__name__: test for test in REFERENCE}
SETS = [     # tests, how many patients they catch, how many of the healthy they refuse
    ([], 0, 0),
    ([loss_falls], range(0, 3), range(0, 2)),
    ([no_nan], range(0, 2), 0),
    ([same_as_yesterday], range(8, 20), range(10, 20)),
    ([one_text_reads], range(0, 2), 0),
    ([small_weights_padding], {"Anna", "Clara", "Felix", "Hugo", "Max", "Rosa", "Simon"}, 0),
    ([bit_for_bit_padding], range(8, 26), range(1, 21)),
    ([parts_are_the_courses], 25, range(10, 13)),
    ([vectors_are_means], {"Felix", "Hugo", "Rosa"}, {"the largest of each column", "the vector of [CLS]"}),
    ([warms_up], {"Karl"}, {"a constant rate", "half a wave"}),
    ([fails_at_everything], 25, 20),
    (["padding_does_not_matter"], {"Anna", "Clara", "Felix", "Hugo", "Max", "Nora", "Rosa", "Simon"}, 0),
    (["padding_is_not_read"], {"Anna", "Clara", "Felix", "Hugo", "Max", "Nora"}, 0),
    (["resuming_is_not_stopping"], {"Felix", "Hugo", "Ida", "Lena", "Ulla", "Wanda", "Xaver"}, 0),
    (["step_goes_downhill"], 0, 0),
    (["loss_begins_at_ln_v"], {"David"}, 0),
    (["gradients_reach_every_weight"], {"Greta"}, 0),
    (["only_words_are_hidden", "rate_is_never_nothing"], {"Jonas", "Karl", "Otto"}, 0),
    (["every_class_counts", "words_are_told_apart", "kept_weights_stay"], {"Paula", "Tilda", "Yara"}, 0),
    (["no_question_breaks_nothing", "norms_are_as_configured"], {"Lena", "Quentin"}, 0),
    (["attention_makes_means", "attention_is_torchs", "layers_hand_on"], {"Ben", "Clara", "Emma", "Hugo"}, 0),
    (["padding_does_not_matter", warms_up], 9, 2),
]


def agrees(names, wanted) -> bool:
    if isinstance(wanted, set):
        return set(names) == wanted
    return len(names) in wanted if isinstance(wanted, range) else len(names) == wanted


def test_sets_of_tests_are_scored_as_expected(reference):
    assert len(SETS) >= 20
    own = {test for tests, *_ in SETS for test in tests if callable(test)}
    score = scored(own, ILL, HEALTHY)
    for tests, caught, refused in SETS:
        names = {test if isinstance(test, str) else test.__name__ for test in tests}
        failed = [{name: names.intersection(one[name] + other[name]) for name in one}
                  for one, other in ((score.ill, reference.ill), (score.healthy, reference.healthy))]
        ill, healthy = ([name for name in projects if projects[name]] for projects in failed)
        assert agrees(ill, caught) and agrees(healthy, refused), (names, ill, healthy)


def test_the_exercises_score_is_the_tables():
    tests = [BY_NAME["padding_does_not_matter"], warms_up]
    ill, healthy = ({name: projects[name] for name in list(projects)[:6]} for projects in (ILL, HEALTHY))
    given, table = score_tests(tests, ill, healthy), scored(tests, ill, healthy)
    assert (given["caught"], given["refused"]) == (table.caught, table.refused)
    assert given["caught"] + given["missed"] != [] and set(given["caught"] + given["missed"]) == set(ill)
