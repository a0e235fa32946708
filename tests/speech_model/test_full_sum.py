"""The loss of training against brute force, and the network's folding against itself."""

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="torch is not installed; 'make model-env' installs it, or pip install torch"
)

from speech_model import full_sum, network  # noqa: E402
from speech_model.acoustic_model import context  # noqa: E402
from speech_model.score_check import outputs  # noqa: E402

PATHS = [
    full_sum.Path((0, 1, 2, 0), (True, False, False, True)),
    full_sum.Path((0, 3, 0, 4), (True, False, True, False)),
    full_sum.Path((0,), (False,)),
    full_sum.Path((2, 2), (False, False)),
]
COUNTS = [6, 5, 4, 2]


def every_way(logs, count: int, path: full_sum.Path):  # type: ignore[no-untyped-def]
    """The loss by walking every path one by one."""
    size = len(path.units)
    totals = []

    def walk(time: int, at: int, score) -> None:  # type: ignore[no-untyped-def]
        if time == count:
            if at == size - 1 or (at == size - 2 and path.optional[-1]):
                totals.append(score)
            return
        walk(time + 1, at, score + logs[time, 2 * path.units[at] + 1])
        for ahead in (1, 2):
            skips = ahead == 1 or (at + 2 < size and path.optional[at + 1])
            if at + ahead < size and skips:
                walk(time + 1, at + ahead, score + logs[time, 2 * path.units[at + ahead]])

    walk(1, 0, logs[0, 2 * path.units[0]])
    if size > 1 and path.optional[0]:
        walk(1, 1, logs[0, 2 * path.units[1]])
    return -torch.logsumexp(torch.stack(totals), 0)


def test_loss_and_gradient_are_those_of_every_way_together() -> None:
    torch.manual_seed(1)
    logs = torch.log_softmax(torch.randn(4, 6, 10, dtype=torch.double), 2).requires_grad_()
    loss = full_sum.full_sum(logs.float(), COUNTS, PATHS)
    expected = torch.stack([every_way(logs[at], COUNTS[at], PATHS[at]) for at in range(len(PATHS))])
    assert loss.detach().numpy() == pytest.approx(expected.detach().numpy(), abs=1e-5)
    (mine,) = torch.autograd.grad(loss.sum(), logs, retain_graph=True)
    (theirs,) = torch.autograd.grad(expected.sum(), logs)
    assert mine.numpy() == pytest.approx(theirs.numpy(), abs=1e-5)


def test_nothing_is_silence_where_somebody_speaks() -> None:
    torch.manual_seed(4)
    logs = torch.log_softmax(torch.randn(2, 6, 10), 2)
    path = full_sum.Path((0, 1, 2, 0), (True, False, False, True))
    spoken = torch.tensor([[False, True, True, True, True, False], [False] * 6])
    loss = full_sum.full_sum(logs, [6, 6], [path, path], spoken)
    # Shut by hand: the outputs of silence are as unlikely there as can be.
    shut = logs.clone()
    shut[0, 1:5, :2] = -1e4
    assert loss[0] == pytest.approx(float(every_way(shut[0], 6, path)), abs=1e-3)
    assert loss[1] == pytest.approx(float(every_way(logs[1], 6, path)), abs=1e-4)
    assert loss[0] > full_sum.full_sum(logs, [6, 6], [path, path])[0] + 0.01
    (gradient,) = torch.autograd.grad(
        full_sum.full_sum(logs.requires_grad_(), [6, 6], [path, path], spoken).sum(), logs
    )
    assert gradient[0, 1:5, :2].abs().max() == 0
    assert gradient[1, 1:5, :2].abs().max() > 0


def test_folded_layers_say_what_the_network_says() -> None:
    torch.manual_seed(2)
    net = network.Network(24)
    frames = np.random.default_rng(3).normal(size=(100, network.BINS)).astype(np.float32) * 20
    net.train()
    for _ in range(5):
        net(network.padded([frames, frames[:60]])[0])
    net.eval()
    batch, counts = network.padded([frames])
    with torch.no_grad():
        expected = net(batch)[0].numpy()
    assert counts == [34]
    assert outputs(net.layers(), frames.astype(np.float64)) == pytest.approx(expected, abs=1e-3)


def test_a_convolution_wakes_without_a_change_and_is_exported() -> None:
    torch.manual_seed(3)
    net = network.Network(24)
    frames = np.random.default_rng(3).normal(size=(200, network.BINS)).astype(np.float32) * 20
    batch, counts = network.padded([frames])
    net.train()
    for _ in range(5):
        net(batch)
    net.eval()
    with torch.no_grad():
        before = net(batch)[0].numpy()
        net.wake([batch])
        assert net(batch)[0].numpy() == pytest.approx(before, abs=1e-3)
        asleep = len(net.layers()) - 1
        # Whatever it learns then reaches the exported layers.
        net.far.weight.normal_(std=1.0)
        after = net(batch)[0].numpy()
    layers = net.layers()
    assert len(layers) == asleep + 1
    assert np.abs(after - before).max() > 0.1
    assert outputs(layers, frames.astype(np.float64)) == pytest.approx(after, abs=1e-3)
    assert counts == [67]
    assert context(layers) == (network.CONTEXT, network.CONTEXT) == (37, 37)


def test_a_step_of_training_makes_the_loss_smaller() -> None:
    torch.manual_seed(4)
    net = network.Network(16)
    frames = np.random.default_rng(5).normal(size=(90, network.BINS)).astype(np.float32)
    path = full_sum.Path((0, 5, 6, 0), (True, False, False, True))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(8):
        batch, counts = network.padded([frames])
        loss = full_sum.full_sum(net(batch), counts, [path]).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_windows_keep_units_near_their_time() -> None:
    torch.manual_seed(6)
    logs = torch.log_softmax(torch.randn(1, 8, 8, dtype=torch.double), 2)
    free = full_sum.Path((0, 1, 2), (False, False, False))
    narrow = full_sum.Path(free.units, free.optional, ((0, 2), (3, 4), (5, 7)))
    wide = full_sum.Path(free.units, free.optional, ((0, 7), (0, 7), (0, 7)))
    losses = [
        float(full_sum.full_sum(logs.float(), [8], [path])[0]) for path in (free, wide, narrow)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    only = -(
        logs[0, 0, 0] + logs[0, 1, 1] + logs[0, 2, 1] + logs[0, 3, 2] + logs[0, 4, 3]
        + logs[0, 5, 4] + logs[0, 6, 5] + logs[0, 7, 5]
    )  # fmt: skip
    assert losses[2] == pytest.approx(float(only), abs=1e-5)


def test_a_network_made_of_layers_says_what_they_say_and_learns_like_any_other() -> None:
    torch.manual_seed(6)
    net = network.Network(24)
    random = np.random.default_rng(7)
    sounds = [random.normal(3, 20, (200, network.BINS)).astype(np.float32) for _ in range(4)]
    batches = [network.padded([sound])[0] for sound in sounds]
    net.train()
    for batch in batches:
        net(batch)
    net.wake(batches)
    for norm in [*net.norms, net.far_norm]:
        norm.weight.data.uniform_(0.2, 3)
        norm.bias.data.normal_()
    net.eval()
    layers = net.layers()
    again = network.Network.from_layers(layers, batches)
    with torch.no_grad():
        expected = net(batches[0])
        assert torch.allclose(again(batches[0]), expected, atol=1e-3)
        # Where it was calibrated, the statistics of a batch are those it holds.
        together = torch.cat(batches)
        apart = again(together)
        again.train()
        assert torch.allclose(again(together), apart, rtol=0.05, atol=1)
    for norm in [*again.norms, again.far_norm]:
        assert torch.equal(norm.weight, torch.ones(24))
    assert outputs(net.layers(), sounds[1].astype(np.float64)) == pytest.approx(
        outputs(network.Network.from_layers(layers, batches).layers(), sounds[1]), abs=1e-3
    )


def test_layers_of_another_shape_make_no_network() -> None:
    torch.manual_seed(8)
    net = network.Network(12)
    batch = torch.randn(2, network.BINS, 2 * network.CONTEXT + 61)
    asleep = network.Network.from_layers(net.layers(), [batch])
    net.wake([batch])
    layers = net.layers()
    assert network.Network.from_layers(layers, [batch]).awake
    assert not asleep.awake
    with pytest.raises(ValueError, match="a network of 10 layers, not 11"):
        network.Network.from_layers([layers[0], *layers], [batch])
    with pytest.raises(ValueError, match="meets another network"):
        network.Network.from_layers([layers[1], *layers[1:]], [batch])


def test_between_two_networks_lies_another() -> None:
    torch.manual_seed(9)
    random = np.random.default_rng(9)
    sounds = [random.normal(3, 20, (200, network.BINS)).astype(np.float32) for _ in range(4)]
    batches = [network.padded([sound])[0] for sound in sounds]
    before = network.Network(12)
    before.train()
    for batch in batches:
        before(batch)
    before.wake(batches)
    after = network.Network.of(before.state_dict())
    after.output.bias.data += 4.0
    after.norms[0].bias.data += 1.0
    after.norms[0].running_mean += 2.0

    def between(share: float) -> network.Network:
        return network.Network.between(before.state_dict(), after.state_dict(), share)

    quarter = between(0.25)
    assert torch.allclose(quarter.output.bias, before.output.bias + 1.0)
    assert torch.allclose(quarter.norms[0].bias, before.norms[0].bias + 0.25)
    assert torch.allclose(quarter.norms[0].running_mean, before.norms[0].running_mean + 0.5)
    assert not quarter.training
    before.eval()
    after.eval()
    for share, other in ((0.0, before), (1.0, after)):
        assert torch.equal(between(share)(batches[0]), other(batches[0]))
