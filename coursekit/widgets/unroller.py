"""A text in pieces: what crosses a seam forward, and what does not cross it back."""

from __future__ import annotations

from ..figures.picture import Picture
from ..figures.unrolled import unrolled
from .explorer import Choice, Control, Explorer, Slider

WORD = "recurrent networks"
WHOLE, CUT, RESET = "whole", "cut", "reset"


def bptt_unroller(word: str = WORD, piece: int = 6, start: str = CUT) -> Explorer:
    """Sliders for the length of a piece and for the step whose loss sends a gradient, and three
    ways to treat a seam.

    word: what the network reads. start: "whole", "cut" (truncated backpropagation) or "reset", to
        begin with.
    """
    last = len(word) - 2

    def draw(piece: int, loss_at: int, seam: str) -> Picture:
        return seams_picture(word, piece, min(loss_at - 1, last), seam)

    controls: dict[str, Control] = {
        "seam": Choice(
            "at a seam",
            {
                "state goes on, gradient too": WHOLE,
                "state goes on, gradient is cut": CUT,
                "both start anew": RESET,
            },
            start,
        ),
        "piece": Slider("steps a piece", 1, last + 1, 1, piece),
        "loss_at": Slider("loss at step", 1, last + 1, 1, last),
    }
    return Explorer(draw, controls)


def seams_picture(word: str, piece: int, loss_at: int, seam: str) -> Picture:
    """The word drawn out, every letter to foretell the next; seams as one of the three ways has
    them.
    """
    inputs, outputs = [_seen(one) for one in word[:-1]], [_seen(one) for one in word[1:]]
    seams = list(range(piece, len(inputs), piece))
    first = 0 if seam == WHOLE else loss_at - loss_at % piece
    state = 0 if seam != RESET else first
    heard, taught = loss_at - state + 1, loss_at - first + 1
    said = (
        f"the loss at step {loss_at + 1} hears of {_count(heard, 'letter')} and teaches "
        f"{_count(taught, 'step')}"
    )
    return unrolled(
        inputs,
        outputs,
        seams=seams,
        carried=seam != RESET,
        back_from=loss_at,
        across=seam == WHOLE,
        title=said,
    )


def _seen(letter: str) -> str:
    return "␣" if letter == " " else letter


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
