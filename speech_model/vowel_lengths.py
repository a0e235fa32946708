"""How long a vowel is, counted once: what a recogniser hears may pass for short and for long.

A network says in every frame of a vowel which of the two it is, and is as sure of it in the last
frame as in the first: the same opinion over and over. A recogniser takes frames for independent
and multiplies them, so a caller who says えとう or けいすけ a little short was certain, by e to the
power of thirty, not to have said it. Here the frames after a vowel's first count the same for both,
and the first costs the other one no more than :data:`FIRST`. (Why: docs/decisions/0027.)

A network is trained without this. It is added to its last layer where a model is written, and
taken off where one is read: the largest of two outputs is ``x + relu(y - x)``, so what is written
has one layer more and is still layers of affine maps and rectifiers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speech_model.acoustic_model import Floats, Layer
from speech_model.phones import LONG_VOWELS, UNITS, VOWELS
from speech_model.topology import OUTPUTS, first_output, following_output

#: What it costs at most to take a short vowel for a long one or the other way round (a negative
#: natural logarithm): enough for おの and おおの to be told apart by more than fifty to one.
FIRST = 4.0
#: Above minus this every output before the log-softmax stays as it is; 60 below is never.
_LIFT = 60.0


def _rivals() -> list[tuple[int, int, float]]:
    """An output, the one that it is at least as large as, and by how much less."""
    found = []
    for short, long in zip(VOWELS, LONG_VOWELS, strict=True):
        one, other = UNITS.index(short), UNITS.index(long)
        for mine, its in ((one, other), (other, one)):
            found.append((first_output(mine), first_output(its), FIRST))
            found.append((following_output(mine), following_output(its), 0.0))
    return found


_RIVALS = _rivals()
#: Outputs, the ones that they are at least as large as, and by how much less.
MINE, ITS, LESS = (np.array(each) for each in zip(*_RIVALS, strict=True))


def levelled(layers: Sequence[Layer]) -> list[Layer]:
    """The layers of a network, and one more that counts lengths once.

    Raises :class:`ValueError` where the last layer does not give the network's outputs.
    """
    *before, last = layers
    if len(last.bias) != OUTPUTS:
        raise ValueError(f"a last layer of {len(last.bias)} outputs, not {OUTPUTS}")
    difference = last.weight[ITS] - last.weight[MINE]
    gained = last.bias[ITS] - last.bias[MINE] - LESS
    hidden = Layer(
        np.vstack([last.weight, difference]),
        np.concatenate([last.bias + _LIFT, gained]),
        last.offsets,
    )
    join = np.zeros((OUTPUTS, OUTPUTS + len(_RIVALS)))
    join[:, :OUTPUTS] = np.eye(OUTPUTS)
    join[MINE, OUTPUTS + np.arange(len(_RIVALS))] = 1.0
    return [*before, hidden, Layer(join, np.full(OUTPUTS, -_LIFT), (0,))]


def as_trained(layers: Sequence[Layer]) -> list[Layer]:
    """What :func:`levelled` was given, of the layers of a file, which may have changed the size of
    rows; layers of a model that was written without it stay as they are."""
    *before, hidden, join = layers
    if join.inputs != OUTPUTS + len(_RIVALS) or join.offsets != (0,):
        return list(layers)
    own = np.diag(join.weight[:, :OUTPUTS])
    last = Layer(
        own[:, None] * hidden.weight[:OUTPUTS],
        own * hidden.bias[:OUTPUTS] + join.bias,
        hidden.offsets,
    )
    return [*before, last]


def level(logs: Floats) -> Floats:
    """Log-probabilities ``[time, outputs]`` of a network as :func:`levelled` layers give them."""
    out = logs.copy()
    out[:, MINE] = np.maximum(logs[:, MINE], logs[:, ITS] - LESS)
    top = out.max(1, keepdims=True)
    summed: Floats = out - top - np.log(np.exp(out - top).sum(1, keepdims=True))
    return summed


def shared(priors: Floats) -> Floats:
    """``priors`` of all outputs, with one for the later frames of a vowel, short or long: otherwise
    the rarer long one would win what counts the same for both."""
    out = priors.copy()
    for short, long in zip(VOWELS, LONG_VOWELS, strict=True):
        both = [following_output(UNITS.index(each)) for each in (short, long)]
        out[both] = priors[both].sum()
    return out
