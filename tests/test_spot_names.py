"""Names beside spots: beside their own, and none over another."""

from hypothesis import given
from hypothesis import strategies as st

from serving.spot_names import HIGH, ROUNDING, WIDE, Spot, placed

SPOTS = st.lists(
    st.builds(Spot, st.floats(52, 620), st.floats(16, 216), st.text("驿站ab", min_size=1, max_size=8)), max_size=12
)


def box(name):
    long = WIDE * len(name.name)
    return (name.x - long if name.ends else name.x, name.x if name.ends else name.x + long, name.y)


@given(SPOTS)
def test_no_name_lies_over_another_and_none_below_the_chart(spots):
    names = list(placed(spots, width=640, lowest=212))
    boxes = [box(each) for each in names]
    for place, (first, last, y) in enumerate(boxes):
        assert y <= 212
        for start, end, other in boxes[:place]:
            assert abs(y - other) >= HIGH - 2 * ROUNDING or last <= start or end <= first


def test_names_stand_beside_their_spots_on_the_side_with_room():
    left, right = placed([Spot(100, 50, "one"), Spot(600, 80, "two")], width=640, lowest=212)
    assert (left.x, left.y, left.ends) == (108, 54, False)
    assert (right.x, right.y, right.ends) == (592, 84, True)


def test_of_two_spots_at_one_place_the_second_name_goes_a_line_lower():
    first, second = placed([Spot(100, 50, "one"), Spot(100, 50, "two")], width=640, lowest=212)
    assert (first.y, second.y) == (54, 54 + HIGH)


def test_a_name_without_room_is_left_out():
    assert [each.name for each in placed([Spot(100, 205, "one"), Spot(100, 205, "two")], width=640, lowest=212)] == [
        "one"
    ]
