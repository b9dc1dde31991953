"""Locked hints: who gives a mistake's outputs reads its hint, and nobody else does."""

from __future__ import annotations

from hashlib import blake2b

from autograder.released.locked import NOTHING, RIGHT, UNKNOWN, Locked, Mistaken, lock

SALTS = {(k, name): 0 for k in range(3) for name in ("loss", "dW")}
HINT, OTHER = "The loss lacks its average.", "dW lacks the pull of the true class."


def key(*of: object) -> bytes:
    return blake2b(repr(of).encode(), digest_size=32).digest()


def gives(mistake: str, *outputs: str, **odd: bytes) -> dict[tuple[int, str], bytes]:
    """Wrong in the named outputs, everywhere; ``odd`` by output in the second situation."""
    found = {place: key(mistake, place) if place[1] in outputs else RIGHT for place in SALTS}
    return found | {(1, name): one for name, one in odd.items()}


def answer(mistake: str, *outputs: str) -> dict[tuple[int, str], list[bytes]]:
    return {
        place: [key("another rounding"), one]
        for place, one in gives(mistake, *outputs).items()
        if one != RIGHT
    }


LOCKED = lock(
    [Mistaken((HINT,), gives("a", "loss")), Mistaken((OTHER,), gives("b", "loss", "dW"))], SALTS
)


def test_who_makes_a_mistake_reads_its_hint() -> None:
    (opened,) = LOCKED.opened(answer("a", "loss"))
    assert opened.hints == (HINT,)
    assert opened.reproduces(answer("a", "loss"), ("loss", "dW"))


def test_another_answer_opens_nothing() -> None:
    assert LOCKED.opened(answer("c", "loss", "dW")) == []
    assert LOCKED.opened({}) == []


def test_a_mistake_is_told_by_one_output_where_another_is_wrong_as_well() -> None:
    found = answer("a", "loss") | answer("c", "dW")
    (opened,) = LOCKED.opened(found)
    assert opened.reproduces(found, ("loss",))
    assert not opened.reproduces(found, ("loss", "dW"))


def test_a_situation_that_gives_something_else_is_no_such_mistake() -> None:
    found = answer("a", "loss") | {(2, "loss"): [key("else")]}
    (opened,) = LOCKED.opened(found)
    assert not opened.reproduces(found, ("loss",))
    del found[2, "loss"]
    assert not opened.reproduces(found, ("loss",))


def test_where_rounding_decides_any_wrong_output_will_do_and_no_right_one() -> None:
    locked = lock([Mistaken((HINT,), gives("a", "loss", loss=UNKNOWN))], SALTS)
    found = answer("a", "loss") | {(1, "loss"): [key("whatever")]}
    assert locked.opened(found)[0].reproduces(found, ("loss", "dW"))
    del found[1, "loss"]
    assert not locked.opened(found)[0].reproduces(found, ("loss", "dW"))


def test_a_mistake_that_stops_somewhere_has_no_lock_for_that_output() -> None:
    locked = lock([Mistaken((HINT,), gives("a", "loss", loss=NOTHING))], SALTS)
    assert locked == Locked(locked.hints, (), b"", SALTS)


def test_nothing_can_be_read_without_a_key() -> None:
    everything = b"".join([*LOCKED.hints, *LOCKED.records, LOCKED.locks])
    for word in (*HINT.split(), *OTHER.split()):
        assert word.encode() not in everything or len(word) < 4
