"""A batch in two halves gives the gradients of the whole."""

from collections.abc import Sequence

import numpy as np
import pytest

MISSING = "the extra 'model' is not installed; 'make model-env' installs it"
torch = pytest.importorskip("torch", reason=MISSING)

from speech_model.features import BINS  # noqa: E402
from speech_model.network import CONTEXT, Network  # noqa: E402
from speech_model.replicas import Replicas  # noqa: E402

Sounds = Sequence[torch.Tensor]


@pytest.fixture
def network() -> Network:
    torch.manual_seed(1)
    made = Network(8)
    made.train()
    return made


def sounds(count: int) -> list[torch.Tensor]:
    random = np.random.default_rng(2)
    length = 2 * CONTEXT + 31
    return [
        torch.from_numpy(random.normal(size=(1, BINS, length)).astype(np.float32))
        for _ in range(count)
    ]


def backward(network: Network, part: Sounds) -> float:
    loss = -network(torch.cat(list(part)))[..., 3].sum()
    loss.backward()
    return float(loss.detach())


def gradients(network: Network) -> list[torch.Tensor]:
    return [each.grad.clone() for each in network.parameters() if each.grad is not None]


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_the_halves_together_are_the_whole(network: Network, count: int) -> None:
    network.eval()  # else each half would be normalised by itself
    replicas = Replicas(network, seed=1)
    total = replicas.gradients(backward, sounds(count))
    halved = gradients(network)
    replicas.close()
    network.zero_grad()
    assert backward(network, sounds(count)) == pytest.approx(total, rel=1e-4)
    for mine, whole in zip(halved, gradients(network), strict=True):
        assert torch.allclose(mine, whole, rtol=1e-3, atol=1e-4)


def test_the_copy_follows(network: Network) -> None:
    replicas = Replicas(network, seed=1)
    network.dropout = 0.0
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    losses = []
    for _ in range(5):
        optimiser.zero_grad()
        losses.append(replicas.gradients(backward, sounds(6)))
        optimiser.step()
        replicas.follow()
    assert losses == sorted(losses, reverse=True)
    # Now that both are the same, each half weighs the same wherever it goes.
    network.eval()
    followed = Replicas(network, seed=1)
    assert replicas._twin is not None
    for one, other in zip(
        network.state_dict().values(), replicas._twin.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)
    followed.close()
    replicas.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_left_out_is_decided_by_the_seed(network: Network, seed: int) -> None:
    network.dropout = 0.5
    found = []
    for given in (seed, seed, seed + 1):
        network.zero_grad()
        replicas = Replicas(network, given)
        replicas.gradients(backward, sounds(6))
        found.append(gradients(network)[-1])
        replicas.close()
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
