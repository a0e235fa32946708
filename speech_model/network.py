"""The acoustic network: a time-delay network over MFCCs, one output in three frames.

Two outputs for each unit of :data:`speech_model.phones.UNITS`: ``2 * unit`` for the frame in which
it begins, ``2 * unit + 1`` for those in which it goes on (Kaldi's chain topology; Povey et al.:
"Purely sequence-trained neural networks for ASR based on lattice-free MMI", Interspeech 2016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from speech_model.acoustic_model import Layer
from speech_model.features import BINS
from speech_model.topology import OUTPUTS

#: Frames of input for one of output.
SUBSAMPLING = 3
#: Width and step of each convolution; after the step of three, a neighbour is three frames away.
_SHAPE = ((5, 1), (3, 1), (3, SUBSAMPLING), (3, 1), (3, 1), (3, 1), (3, 1), (3, 1))
#: The last convolution joins outputs that lie so far apart, 180 ms: an output then depends on
#: three quarters of a second, enough to tell noise and loudness from speech. It sleeps until the
#: others have learnt (:meth:`Network.wake`).
_FAR = 6
#: About how large the weights of a convolution are after training (root of the mean square).
_USUAL = 0.03


def _context() -> int:
    reach, step = 0, 1
    for width, stride in _SHAPE:
        reach += (width // 2) * step
        step *= stride
    return reach + _FAR * step


#: Frames before and after that an output sees.
CONTEXT = _context()


class Network(nn.Module):
    """Convolutions with batch normalisation and ReLU, then log-probabilities.

    Input ``[batch, BINS, 3 * (outputs - 1) + 1 + 2 * CONTEXT]``, output
    ``[batch, outputs, OUTPUTS]``.
    """

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.width = width
        self.dropout = dropout
        #: What dropout is drawn from; None: from PyTorch's own.
        self.noise: torch.Generator | None = None
        self.scale = nn.BatchNorm1d(BINS, affine=False, momentum=0.02)
        sizes = [BINS] + [width] * len(_SHAPE)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(size, width, kernel, stride=stride, bias=False)
            for size, (kernel, stride) in zip(sizes, _SHAPE, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in _SHAPE)
        self.far = nn.Conv1d(width, width, 3, dilation=_FAR, bias=False)
        self.far_norm = nn.BatchNorm1d(width)
        self.awake: Tensor
        self.register_buffer("awake", torch.tensor(False))
        self.output = nn.Conv1d(width, OUTPUTS, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Log-probabilities of every output, in single precision whatever the rest runs in."""
        hidden = self._near(features)
        if self.awake:
            hidden = self._dropped(torch.relu(self.far_norm(self.far(hidden))))
        else:
            hidden = hidden[:, :, _FAR:-_FAR]
        return torch.log_softmax(self.output(hidden).float(), 1).transpose(1, 2)

    def _near(self, features: Tensor) -> Tensor:
        hidden = self.scale(features)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            hidden = self._dropped(torch.relu(norm(convolution(hidden))))
        return hidden

    def _dropped(self, hidden: Tensor) -> Tensor:
        if not (self.training and self.dropout):
            return hidden
        size = (*hidden.shape[:2], 1)
        kept = torch.rand(size, device=hidden.device, generator=self.noise) > self.dropout
        return hidden * (kept / (1 - self.dropout)).to(hidden.dtype)

    def wake(self, features: Sequence[Tensor]) -> None:
        """Let the last convolution take part, changing nothing yet: it passes on what it is given
        (Chen, Goodfellow and Shlens: "Net2Net", ICLR 2016). Its normalisation is set by what the
        ``features``, batches as for :meth:`forward`, give on average."""
        training = self.training
        self.eval()
        with torch.no_grad():
            mean, variance = _spread([self._near(batch) for batch in features])
            nn.init.dirac_(self.far.weight)
            self.far_norm.load_state_dict({"running_mean": mean, "running_var": variance}, False)
            self.far_norm.weight.copy_((variance + self.far_norm.eps).sqrt())
            self.far_norm.bias.copy_(mean)
            self.awake.fill_(True)
        self.train(training)

    @classmethod
    def of(cls, state: Mapping[str, Tensor], dropout: float = 0.0) -> Network:
        """The network whose ``state_dict`` this is, as wide as it is."""
        network = cls(state["output.weight"].shape[1], dropout)
        network.load_state_dict(state)
        return network

    @classmethod
    def from_layers(cls, layers: Sequence[Layer], features: Sequence[Tensor]) -> Network:
        """A network that gives what ``layers`` give, as :meth:`layers` made them, and can be
        trained further: its normalisations are set by what the ``features``, batches as for
        :meth:`forward`, give on average.

        Raises :class:`ValueError` where the layers are not of this network's shape.
        """
        network = cls(len(layers[-2].bias))
        convolutions = [*zip(network.convolutions, network.norms, strict=True)]
        if len(layers) > len(_SHAPE) + 1:
            network.awake.fill_(True)
            convolutions.append((network.far, network.far_norm))
        if len(layers) != len(convolutions) + 1:
            raise ValueError(f"a network of {len(convolutions) + 1} layers, not {len(layers)}")
        network.eval()
        with torch.no_grad():
            mean, variance = _spread(features)
            network.scale.load_state_dict({"running_mean": mean, "running_var": variance}, False)
            size = (variance + network.scale.eps).sqrt()
            hidden = [network.scale(batch) for batch in features]
            shift = mean
            for layer, (convolution, norm) in zip(layers, convolutions, strict=False):
                weight = torch.from_numpy(layer.weight).float()
                weight = weight.unflatten(1, (-1, layer.inputs)).transpose(1, 2)
                if weight.shape != convolution.weight.shape:
                    raise ValueError(f"a layer of shape {[*weight.shape]} meets another network")
                bias = torch.from_numpy(layer.bias).float() + (weight * shift[:, None]).sum((1, 2))
                weight = weight * size[:, None]
                # What normalisation makes of no account: rows as large as training leaves them.
                gain = _USUAL / weight.square().mean((1, 2)).sqrt().clip(1e-9)
                convolution.weight.copy_(weight * gain[:, None, None])
                hidden = [convolution(batch) for batch in hidden]
                mean, variance = _spread(hidden)
                deviation = (variance + norm.eps).sqrt()
                norm.load_state_dict({"running_mean": mean, "running_var": variance}, False)
                norm.bias.copy_((mean + gain * bias) / deviation)
                size, shift = deviation / gain, torch.zeros_like(mean)
                hidden = [torch.relu(norm(batch)) for batch in hidden]
            last = torch.from_numpy(layers[-1].weight).float() * size
            network.output.weight.copy_(last[:, :, None])
            network.output.load_state_dict({"bias": torch.from_numpy(layers[-1].bias)}, False)
        return network

    @classmethod
    def between(
        cls, before: Mapping[str, Tensor], after: Mapping[str, Tensor], share: float
    ) -> Network:
        """The network whose weights lie ``share`` of the way from ``before`` to ``after``, what
        ``before`` became by further training (Wortsman and others: "Robust fine-tuning of
        zero-shot models", CVPR 2022). What it is normalised by lies there too: measured anew over
        some utterances, as for networks further apart, it depends on which (README.md)."""
        network = cls.of(
            {
                name: value.lerp(after[name], share) if value.is_floating_point() else value
                for name, value in before.items()
            }
        )
        network.eval()
        return network

    def widened(self, width: int) -> Network:
        """A network of ``width`` that gives the same outputs: what is new listens to everything,
        and nothing listens to it yet.

        Raises ``ValueError`` where ``width`` is less than the present one.
        """
        if width < self.width:
            raise ValueError(f"a network of width {self.width} cannot be widened to {width}")
        wide = Network(width, self.dropout).to(self.output.weight.device)
        mine = self.state_dict()
        with torch.no_grad():
            for name, value in wide.state_dict().items():
                old = mine[name]
                if value.dim() > 1:
                    value[: len(old), old.shape[1] :] = 0.0
                    value[: len(old), : old.shape[1]] = old
                elif value.dim():
                    value[: len(old)] = old
                else:
                    value.copy_(old)
        return wide

    def layers(self) -> list[Layer]:
        """What decoding needs: affine layers with every normalisation folded in."""
        out = []
        step = 1
        mean = self.scale.running_mean
        variance = self.scale.running_var
        if mean is None or variance is None:
            raise RuntimeError("the input normalisation keeps no statistics")
        mean, deviation = mean.double(), (variance.double() + self.scale.eps).sqrt()
        with torch.no_grad():
            for at, (kernel, stride) in enumerate(_SHAPE):
                weight = self.convolutions[at].weight.double()
                bias = torch.zeros(self.width, dtype=torch.double)
                if at == 0:
                    weight = weight / deviation[None, :, None]
                    bias = -(weight * mean[None, :, None]).sum((1, 2))
                reach = kernel // 2
                offsets = tuple(step * offset for offset in range(-reach, reach + 1))
                out.append(_folded(weight, bias, self.norms[at], offsets))
                step *= stride
            if self.awake:
                nothing = torch.zeros(self.width, dtype=torch.double)
                offsets = (-_FAR * step, 0, _FAR * step)
                out.append(_folded(self.far.weight.double(), nothing, self.far_norm, offsets))
            last = self.output
            out.append(
                Layer(
                    last.weight[:, :, 0].double().numpy(),
                    np.zeros(0) if last.bias is None else last.bias.double().numpy(),
                    (0,),
                )
            )
        return out


def _spread(batches: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel over batches ``[batch, channels, frames]``."""
    values = torch.cat([batch.transpose(0, 1).flatten(1) for batch in batches], 1)
    return values.mean(1), values.var(1)


def _folded(weight: Tensor, bias: Tensor, norm: nn.BatchNorm1d, offsets: tuple[int, ...]) -> Layer:
    """A convolution, ``weight`` ``[outputs, inputs, offsets]``, and the normalisation after it."""
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise RuntimeError("a normalisation keeps no statistics")
    gain = norm.weight.double() / (variance.double() + norm.eps).sqrt()
    bias = norm.bias.double() + gain * (bias - mean.double())
    flat = (weight * gain[:, None, None]).permute(0, 2, 1).reshape(len(weight), -1)
    return Layer(flat.numpy(), bias.numpy(), offsets)


def padded(features: list[np.ndarray]) -> tuple[Tensor, list[int]]:
    """A batch for :class:`Network` from MFCCs ``[frames, BINS]``, and the outputs of each.

    Edges are repeated, as Kaldi does when it decodes.
    """
    counts = [(len(item) + SUBSAMPLING - 1) // SUBSAMPLING for item in features]
    length = SUBSAMPLING * (max(counts) - 1) + 1 + 2 * CONTEXT
    batch = np.empty((len(features), BINS, length), dtype=np.float32)
    for row, item in zip(batch, features, strict=True):
        held = np.concatenate([np.repeat(item[:1], CONTEXT, axis=0), item])[:length]
        row[:, : len(held)] = held.T
        row[:, len(held) :] = item[-1][:, None]
    return torch.from_numpy(batch), counts
