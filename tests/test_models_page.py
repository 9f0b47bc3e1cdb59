"""What the models page tells of groups: by their names, and nothing of those too small or not recorded."""

import pytest

from features.vocabulary import SEXES
from serving.ui.models_page import _groups
from serving.ui.texts import texts as texts_in
from training.fairness import AGE_BANDS

TOLD = {
    name: {"value": 1.1, "low": 0.9, "high": 1.3} for name in ("found_relative", "predicted_over_observed", "slope")
}
FAIRNESS = {
    "attributes": {
        "ethnicity": None,
        "sex": {"female": {"persons": None, "figures": {}}, "male": {"persons": 214, "figures": TOLD}},
        "district": {"D1": {"persons": 80, "figures": TOLD}},
    },
    "district_names": {"D1": {"zh-CN": "北驿区", "en": "Beiyi District"}},
}


@pytest.mark.parametrize(("language", "district"), [("zh-CN", "北驿区"), ("en", "Beiyi District")])
def test_groups_go_by_their_names_and_nothing_is_told_of_small_or_unrecorded_ones(language, district):
    texts = texts_in(language)
    lines = _groups({"figures": {"fairness": FAIRNESS}}, texts).lines
    assert [line[1] for line in lines] == [*(["女", "男"] if language == "zh-CN" else ["Women", "Men"]), district]
    assert set(lines[0][2:]) == {texts("words.none")}
    assert lines[1][2] == "214"


def test_every_group_that_the_audit_makes_has_a_name_and_any_other_goes_by_its_code():
    made = {"age_band": [name for _, name in AGE_BANDS], "sex": list(SEXES)}
    for language in ("zh-CN", "en"):
        texts = texts_in(language)
        groups = {each: {name: {} for name in names} for each, names in made.items()}
        told = [line[1] for line in _groups({"figures": {"fairness": {"attributes": groups}}}, texts).lines]
        assert len(set(told)) == sum(map(len, made.values()))
        assert not set(told) & {"female", "male", "under 25", "25-34"} - ({"under 25"} if language == "en" else set())
    odd = {"attributes": {"sex": {"X/Y.Z": {}}}}
    assert [line[1] for line in _groups({"figures": {"fairness": odd}}, texts_in("en")).lines] == ["X/Y.Z"]


def test_a_card_without_an_audit_has_no_groups():
    assert _groups({"figures": {}}, texts_in("en")).lines == ()
