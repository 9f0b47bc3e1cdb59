import gzip
from datetime import date

import pytest

from features.errors import SchemaError
from features.intake import ingest
from features.mapping import read_mapping
from features.schema import days_since_epoch
from features.store import Store
from tests.test_intake import MONDAY, fate


@pytest.fixture
def store(store_url):
    with Store.open(store_url) as opened:
        yield opened


def test_a_line_of_the_wrong_length_is_quarantined_and_the_rest_stored(store, tmp_path):
    lines = ["person_id,registered_on", "P1,2024-01-02", "P2", "P3,2024-01-02"]
    (tmp_path / "persons.csv.gz").write_bytes(gzip.compress("\r\n".join(lines).encode("utf-8-sig")))
    report = ingest(tmp_path, store, received_on=MONDAY)
    assert fate(report, "persons") == {"stored": 2, "quarantined": 1}
    assert store.quarantine()["row_number"].tolist() == [2]


def test_a_file_that_is_not_its_table_refuses_the_whole_delivery(store, tmp_path):
    (tmp_path / "persons.csv").write_text("person_id,registered_on\nP1,2024-01-02\n")
    (tmp_path / "events.csv").write_text("who,when\nP1,2024-01-02\n")
    with pytest.raises(SchemaError, match=r"events\.csv"):
        ingest(tmp_path, store, received_on=MONDAY)
    assert store.counts() == dict.fromkeys(store.counts(), 0)


@pytest.mark.parametrize("content", [b"", b"a,a\n1,2\n", "姓名\n张\n".encode("gbk")])
def test_a_file_that_cannot_be_read_is_the_users_to_mend(store, tmp_path, content):
    (tmp_path / "persons.csv").write_bytes(content)
    with pytest.raises(SchemaError, match=r"persons\.csv"):
        ingest(tmp_path, store, received_on=MONDAY)


CHINESE = """
    [[tables]]
    table = "persons"
    files = ["人员.CSV"]
    columns = [
        { name = "person_id", column = "编号" },
        { name = "ethnicity", column = "民族" },
        { name = "sex", column = "性别", translate = { "男" = "male", "女" = "female" } },
        { name = "registered_on", column = "登记日期", days_as = "%Y年%m月%d日" },
    ]
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_table_as_a_chinese_spreadsheet_writes_it_is_read_and_its_encoding_noted(tmp_path, encoding):
    text = "编号 ,民族,性别,登记日期\r\n A1 ,布依族,女,2024年1月2日\r\nA2　,汉族,男,不详\r\n"
    (tmp_path / "人员.CSV").write_bytes(text.encode(encoding))
    (tmp_path / "表.xlsx").write_bytes(b"PK")
    (tmp_path / "mine.toml").write_text(CHINESE, encoding="utf-8")
    with Store.open_home(tmp_path / "home") as store:
        report = ingest(tmp_path, store, mapping=read_mapping(tmp_path / "mine.toml"), received_on=MONDAY)
        held = store.read("persons").iloc[0]
    assert held[["person_id", "ethnicity", "sex"]].tolist() == ["A1", "布依族", "female"]
    assert held["registered_on"] == days_since_epoch(date(2024, 1, 2))
    assert report.reasons() == [("persons", "registered_on is not a date (YYYY-MM-DD)", 1)]
    noted = [note.split(";")[0] for note in report.notes]
    assert noted == ["人员.CSV: read as GB18030, for it is no UTF-8"] * encoding.startswith("gb") + [
        "表.xlsx: not read"
    ]


@pytest.mark.parametrize(
    ("day", "read"),
    [("2024/1/2", True), ("2024/01/02", True), ("2024/1/2 0:00", True), ("2024/1/2 00:00:00", True),
     ("2024/13/1", False), ("2024/2/30", False), ("2024/1/2 8:30", False), ("1/2/2024", False), ("24/1/2", False)],
)  # fmt: skip
def test_a_day_as_a_spreadsheet_rewrites_it_is_read_only_where_it_cannot_be_another(store, tmp_path, day, read):
    (tmp_path / "persons.csv").write_text(f"person_id,registered_on\nP1,{day}\n")
    ingest(tmp_path, store, received_on=MONDAY)
    assert store.read("persons")["registered_on"].tolist() == [days_since_epoch(date(2024, 1, 2))] * read


@pytest.mark.parametrize(
    "content", ["person_id\nP1\n".encode("utf-16"), b"person_id\nP\xff\xfe\n", b"a,b\n\x81\x05,\xa1\n"]
)
def test_what_is_neither_utf_8_nor_gb18030_is_refused(store, tmp_path, content):
    (tmp_path / "persons.csv").write_bytes(content)
    with pytest.raises(SchemaError, match=r"persons\.csv: cannot be read; expected text in UTF-8 \(or GB18030\)"):
        ingest(tmp_path, store, received_on=MONDAY)


@pytest.mark.parametrize("person_id", ["\uff30\uff11", "P\uff11", "P1\u200b", "\ufeffP1", "P1\u202e"])
def test_an_id_that_looks_like_another_is_quarantined_not_taken_for_a_new_person(store, tmp_path, person_id):
    (tmp_path / "persons.csv").write_text(f"name,person_id,registered_on\nx,{person_id},2024-01-02\n", encoding="utf-8")
    (report,) = ingest(tmp_path, store, received_on=MONDAY).tables
    reason = "person_id is longer than 128 characters, or holds control, invisible or full-width characters"
    assert report.reasons == {reason: 1}


def test_a_folder_without_a_table_says_what_was_expected(store, tmp_path):
    with pytest.raises(SchemaError, match=r"persons\.csv"):
        ingest(tmp_path, store, received_on=MONDAY)
