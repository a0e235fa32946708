"""The acoustic network: a time-delay network over MFCCs, one output in three frames.

Two outputs for each unit of :data:`speech_model.phones.UNITS`: ``2 * unit`` for the frame in which
it begins, ``2 * unit + 1`` for those in which it goes on (Kaldi's chain topology; Povey et al.:
"Purely sequence-trained neural networks for ASR based on lattice-free MMI", Interspeech 2016).
"""

from __future__ import annotations

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


def _context() -> int:
    reach, step = 0, 1
    for width, stride in _SHAPE:
        reach += (width // 2) * step
        step *= stride
    return reach


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
        self.scale = nn.BatchNorm1d(BINS, affine=False, momentum=0.02)
        sizes = [BINS] + [width] * len(_SHAPE)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(size, width, kernel, stride=stride, bias=False)
            for size, (kernel, stride) in zip(sizes, _SHAPE, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in _SHAPE)
        self.output = nn.Conv1d(width, OUTPUTS, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Log-probabilities of every output, in single precision whatever the rest runs in."""
        hidden = self.scale(features)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            hidden = torch.relu(norm(convolution(hidden)))
            if self.training and self.dropout:
                kept = torch.rand(*hidden.shape[:2], 1, device=hidden.device) > self.dropout
                hidden = hidden * (kept / (1 - self.dropout)).to(hidden.dtype)
        return torch.log_softmax(self.output(hidden).float(), 1).transpose(1, 2)

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
                norm = self.norms[at]
                gain = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
                bias = norm.bias.double() + gain * (bias - norm.running_mean.double())
                weight = weight * gain[:, None, None]
                reach = kernel // 2
                offsets = tuple(step * offset for offset in range(-reach, reach + 1))
                flat = weight.permute(0, 2, 1).reshape(self.width, -1)
                out.append(Layer(flat.numpy(), bias.numpy(), offsets))
                step *= stride
            last = self.output
            out.append(
                Layer(
                    last.weight[:, :, 0].double().numpy(),
                    np.zeros(0) if last.bias is None else last.bias.double().numpy(),
                    (0,),
                )
            )
        return out


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
