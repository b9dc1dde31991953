"""The text a character model reads: which one is found, and what is known of it."""

import numpy as np
import pytest

from coursekit import data, sequences, text


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch, tmp_path):
    """A machine without any corpus, whatever this one has."""
    monkeypatch.setattr(data, "SHARED_FOLDERS", ())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)


def test_the_courses_own_prose_is_always_there_and_says_so(capsys):
    found = text.load_text()
    assert found.name == "this course"
    assert capsys.readouterr().out.startswith("Text: this course, ")
    assert "gradient" in found.decode(found.ids)
    assert len(found.ids) > 80_000
    assert 2.5 < found.unigram_entropy < 4


def test_a_text_that_is_named_comes_first_and_one_in_the_data_folder_next(monkeypatch, tmp_path):
    (tmp_path / "mine.txt").write_text("Tabs\tand é go. " * 1000)
    found = text.find_text(tmp_path / "mine.txt")
    assert found.name == "mine.txt"
    assert found.decode(found.ids[:14]) == "Tabs and  go. "
    (tmp_path / "text.txt").write_text("abab" * 5000)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    found = text.find_text(most=15_000)
    assert (found.name, len(found.ids), found.characters) == ("text.txt", 15_000, "ab")
    assert found.unigram_entropy == pytest.approx(np.log(2))


def test_a_text_too_short_to_learn_from_is_passed_over_and_refused_by_name(monkeypatch, tmp_path):
    (tmp_path / "text.txt").write_text("too short")
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    assert text.find_text().name == "this course"
    for name in ("text.txt", "none.txt"):
        with pytest.raises(data.DataError, match=f"{name} has no 10,000 characters"):
            text.find_text(tmp_path / name)


def test_ids_and_characters_name_each_other():
    found = text.text("a word", "banana")
    assert found.characters == "abn"
    assert found.ids.tolist() == [1, 0, 2, 0, 2, 0]
    assert found.decode(found.encode("nab")) == "nab"
    with pytest.raises(KeyError):
        found.encode("x")


def test_the_last_part_is_held_out():
    found = text.text("letters", "abcdefghij")
    train, held_out = found.split()
    assert found.decode(train) == "abcdefghi"
    assert found.decode(held_out) == "j"


def test_the_entropy_is_that_of_the_frequencies():
    assert text.entropy(np.array([0, 0, 1, 2])) == pytest.approx(1.5 * np.log(2))
    assert text.entropy(np.array([3, 3])) == 0


def test_delayed_recall_tells_the_class_once_and_only_noise_after():
    x, y = sequences.delayed_recall(np.random.default_rng(0), 50, 7)
    assert x.shape == (50, 7, 16)
    np.testing.assert_array_equal(x[:, 0], np.eye(16)[y])
    assert not x[:, 1:, :8].any()
    assert x[:, 1:, 8:].std() == pytest.approx(1, abs=0.1)


def test_reversed_digits_are_the_digits_from_the_end():
    x, y = sequences.reversed_digits(np.random.default_rng(0), 20, 4)
    np.testing.assert_array_equal(y, x[:, ::-1])
    assert (x.min(), x.max()) == (0, 9)
