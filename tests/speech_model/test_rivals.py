"""All that could have been said instead of what was."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="torch is not installed; 'make model-env' installs it, or pip install torch"
)

from speech_model import rivals  # noqa: E402
from speech_model.acoustic_model import Floats  # noqa: E402
from speech_model.full_sum import Path, full_sum  # noqa: E402
from speech_model.phones import UNITS, VOWELS  # noqa: E402
from speech_model.topology import OUTPUTS, first_output, following_output  # noqa: E402

A, E, K, S = (UNITS.index(name) for name in ("a", "e", "k", "s"))
STRINGS = [(0, K, A, S, A, 0), (0, K, A, K, E, 0), (0, S, A, 0, K, E, 0)]
LIKELY = rivals.trigram(STRINGS)


def brute(scores: torch.Tensor, likely: torch.Tensor) -> torch.Tensor:
    """The sum over all strings, of one utterance, pair by pair of units, in logarithms."""
    logs = likely.clip(1e-300).log()
    enter, hold = scores[:, 0::2], scores[:, 1::2]
    state = torch.full((len(UNITS), len(UNITS)), -1e9, dtype=torch.double)
    state[0] = logs[0, 0]
    state[0, 0] = 0.0
    state = state + enter[0]
    for now in range(1, len(scores)):
        arrived = torch.logsumexp(state[:, :, None] + logs, 0)
        state = torch.logaddexp(state + hold[now], arrived + enter[now])
    return torch.logsumexp(state.flatten(), 0)


def test_the_sum_and_its_gradient_are_those_of_every_string_and_timing() -> None:
    torch.manual_seed(1)
    scores = (2 * torch.randn(2, 6, OUTPUTS, dtype=torch.double)).requires_grad_()
    counts, weights = [6, 4], torch.tensor([1.0, 2.0])
    likely = torch.from_numpy(LIKELY)
    expected = torch.stack([brute(scores[at, :count], likely) for at, count in enumerate(counts)])
    (slope,) = torch.autograd.grad((expected * weights).sum(), scores)
    single = scores.detach().float().requires_grad_()
    found = rivals.summed(single, counts, likely.float())
    (found * weights).sum().backward()
    assert torch.allclose(found.double(), expected, atol=1e-4)
    assert single.grad is not None
    assert torch.allclose(single.grad.double(), slope, atol=1e-5)


def test_what_follows_what_comes_from_the_strings() -> None:
    assert np.allclose(LIKELY.sum(-1), 1.0)
    assert LIKELY[K, A, S] > LIKELY[K, A, UNITS.index("o")] > 0
    assert not LIKELY[:, 0, 0].any()


def said(units: tuple[int, ...], frames: int = 3) -> Floats:
    """Log-probabilities of a network that is rather sure of ``units``, each for some frames."""
    out = np.zeros((len(units) * frames, OUTPUTS))
    for at, unit in enumerate(units):
        out[at * frames, first_output(unit)] = 6.0
        out[at * frames + 1 : (at + 1) * frames, following_output(unit)] = 6.0
    logs: Floats = out - np.log(np.exp(out).sum(1, keepdims=True))
    return logs


def loss(units: tuple[int, ...], heard: tuple[int, ...], weight: float = 1.0) -> float:
    logs = torch.from_numpy(said(heard)[None]).float()
    path = Path(units, (True, *(False,) * (len(units) - 2), True))
    priors = np.full(OUTPUTS, 1 / OUTPUTS)
    return float(rivals.Rivals(STRINGS, priors, weight).loss(logs, [logs.shape[1]], [path]))


def test_what_was_said_should_beat_everything_else() -> None:
    right = loss((0, K, A, S, A, 0), (0, K, A, S, A, 0))
    wrong = loss((0, K, A, S, A, 0), (0, K, A, K, E, 0))
    assert right < wrong
    assert loss((0, K, A, S, A, 0), (0, K, A, K, E, 0), 0.5) == pytest.approx(wrong / 2)


def test_a_vowels_length_costs_no_more_than_a_recogniser_makes_of_it() -> None:
    long = UNITS.index("a:")
    assert "a" in VOWELS
    spoken = (0, K, A, S, A, 0)
    drawn_out = (0, K, long, S, A, 0)
    assert loss(spoken, drawn_out) - loss(spoken, spoken) < loss(spoken, (0, K, E, S, A, 0)) - loss(
        spoken, spoken
    )


def test_a_network_follows_the_loss_to_what_was_said() -> None:
    """Gradient descent on the outputs alone takes the frames from the rival."""
    logits = torch.from_numpy(said((0, K, A, K, E, 0))[None]).float().requires_grad_()
    path = Path((0, K, A, S, A, 0), (True, False, False, False, False, True))
    against = rivals.Rivals(STRINGS, np.full(OUTPUTS, 1 / OUTPUTS), 1.0)
    optimiser = torch.optim.SGD([logits], lr=1.0)
    for _ in range(60):
        optimiser.zero_grad()
        logs = torch.log_softmax(logits, 2)
        against.loss(logs, [logits.shape[1]], [path]).sum().backward()
        optimiser.step()
    logs = torch.log_softmax(logits.detach(), 2)
    other = Path((0, K, A, K, E, 0), path.optional)
    assert float(full_sum(logs, [18], [path])) < float(full_sum(logs, [18], [other]))
