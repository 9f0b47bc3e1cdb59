"""Invented names of districts and townships; no real place is meant, and persons' names are as invented."""

import numpy as np

from features.arrays import Ints

DISTRICTS = (
    ("北驿区", "Beiyi"), ("东檐区", "Dongyan"), ("南廪区", "Nanlin"), ("西栈区", "Xizhan"), ("中砚区", "Zhongyan"),
    ("上棹区", "Shangzhao"), ("下筝区", "Xiazheng"), ("左笺区", "Zuojian"), ("右籁区", "Youlai"), ("远帆区", "Yuanfan"),
)  # fmt: skip

# Twice twelve words no township is called by, joined two by two.
FIRST = (
    ("栖", "Qi"), ("霁", "Ji"), ("蓑", "Suo"), ("鹭", "Lu"), ("萤", "Ying"), ("酿", "Niang"),
    ("织", "Zhi"), ("蝉", "Chan"), ("炊", "Chui"), ("犁", "Li"), ("灯", "Deng"), ("磨", "Mo"),
)  # fmt: skip
SECOND = (
    ("雪", "xue"), ("笺", "jian"), ("砚", "yan"), ("帆", "fan"), ("笛", "di"), ("棋", "qi"),
    ("絮", "xu"), ("籁", "lai"), ("谣", "yao"), ("筝", "zheng"), ("棹", "zhao"), ("书", "shu"),
)  # fmt: skip
PERSON_DIGITS = 7  # of a person's id

SURNAMES = tuple("赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张")
GIVEN = (
    "知行", "望舒", "一苇", "南乔", "松年", "采薇", "怀瑾", "闻溪", "听澜", "青禾",
    "云归", "晚舟", "砚秋", "星野", "子衿", "如初", "静好", "山岚", "若水", "长风",
)  # fmt: skip


def township_names(n_townships: int) -> list[tuple[str, str]]:
    """So many names, Chinese and English; different up to as many as there are pairs of words.

    >>> township_names(2)
    [('栖雪', 'Qixue'), ('霁笺', 'Jijian')]
    """
    pairs = [(number % len(FIRST), (number + number // len(FIRST)) % len(SECOND)) for number in range(n_townships)]
    return [(FIRST[a][0] + SECOND[b][0], FIRST[a][1] + SECOND[b][1]) for a, b in pairs]


def ids(letter: str, number: Ints, digits: int) -> list[str]:
    """The ids of things given by number from 0, such as T01."""
    return [f"{letter}{each + 1:0{digits}d}" for each in number.tolist()]


def person_names(n_persons: int, rng: np.random.Generator) -> list[str]:
    """Invented names of persons; several may share one."""
    surnames, given = rng.integers(len(SURNAMES), size=n_persons), rng.integers(len(GIVEN), size=n_persons)
    return [SURNAMES[a] + GIVEN[b] for a, b in zip(surnames, given, strict=True)]
