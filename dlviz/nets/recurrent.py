"""Three recurrent cells as plain tensors: what they remember, h (and c), is handed from step to step, and so is its gradient.

x_t: input (n, in), h_t: hidden state (n, hidden), c_t: LSTM's cell state (n, hidden), f: tanh or identity, ⊙: entry by entry.
Gates stand in the order of torch.nn's: LSTM i, f, g, o; GRU r, z, n.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from dlviz.nets.mlp import initial_weight

Gates = dict[str, Tensor]
GATES = {"rnn": 1, "lstm": 4, "gru": 3}  # blocks of rows in each weight


@dataclass
class Recurrent:
    """One cell and what is read from it. `into` (k·hidden, in), `across` (k·hidden, hidden), `bias` (k·hidden), k = GATES[kind].

    `inner` (hidden): GRU's second bias of its candidate, inside the reset gate. `read` (out, hidden) and `read_bias` (out).
    """

    kind: str
    into: Tensor
    across: Tensor
    bias: Tensor
    inner: Tensor
    read: Tensor
    read_bias: Tensor
    activation: Callable[[Tensor], Tensor] = torch.tanh

    @property
    def parameters(self) -> list[Tensor]:
        """All tensors that are trained."""
        return [self.into, self.across, self.bias, *([self.inner] if self.kind == "gru" else []), self.read, self.read_bias]

    @property
    def hidden(self) -> int:
        """Units of the state."""
        return self.across.shape[1]

    def to(self, dtype: torch.dtype) -> "Recurrent":
        """The same cell in another number format, apart from any graph."""
        names = ("into", "across", "bias", "inner", "read", "read_bias")
        return replace(self, **{name: getattr(self, name).detach().to(dtype) for name in names})


@dataclass
class Trace:
    """Every step of a pass: h_t, the state that carries the memory (c_t of LSTM, else h_t), and the gates, all (n, hidden)."""

    hidden: list[Tensor] = field(default_factory=list)
    memory: list[Tensor] = field(default_factory=list)
    gates: list[Gates] = field(default_factory=list)


def rnn(net: Recurrent, a: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Gates]:
    """h_t = f(W x_t + R h_{t−1} + b), where a = W x_t + b (Elman 1990)."""
    h = net.activation(torch.addmm(a, h, net.across.T))
    return h, h, {}


def lstm(net: Recurrent, a: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Gates]:
    """c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t) (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000)."""
    i, f, g, o = torch.addmm(a, h, net.across.T).chunk(4, 1)
    i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)
    c = f * c + i * torch.tanh(g)
    return o * torch.tanh(c), c, {"forget": f, "input": i, "output": o}


def gru(net: Recurrent, a: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Gates]:
    """h_t = z ⊙ h_{t−1} + (1 − z) ⊙ n, n = tanh(W x_t + r ⊙ (R h_{t−1} + b')) (Cho et al. 2014, in torch's form)."""
    (r, z, n), (r_back, z_back, n_back) = a.chunk(3, 1), (h @ net.across.T).chunk(3, 1)
    r, z = torch.sigmoid(r + r_back), torch.sigmoid(z + z_back)
    h = torch.lerp(torch.tanh(n + r * (n_back + net.inner)), h, z)
    return h, h, {"update": z, "reset": r}


STEPS = {"rnn": rnn, "lstm": lstm, "gru": gru}


def trace(net: Recurrent, x: Tensor) -> Trace:
    """Every step over x (T, n, in), from states of 0. The states are kept, so that autograd can be asked for their gradients."""
    a = x @ net.into.T + net.bias  # (T, n, k·hidden)
    h = c = x.new_zeros(x.shape[1], net.hidden)
    seen = Trace()
    for a_t in a.unbind(0):
        h, c, gates = STEPS[net.kind](net, a_t, h, c)
        seen.hidden.append(h)
        seen.memory.append(c)
        seen.gates.append(gates)
    return seen


def states(net: Recurrent, x: Tensor, truncation: int = 0) -> Tensor:
    """The hidden states (T, n, hidden) over x (T, n, in). Back-propagation ends every `truncation` steps, counted from the last; 0: never.

    LSTM runs in torch's own kernel, five times as fast as `trace`, with the same numbers; for the others torch's is no faster.
    """
    h = c = x.new_zeros(x.shape[1], net.hidden)
    parts = []
    for piece in pieces(x, truncation):
        h, c = h.detach(), c.detach()
        if net.kind == "lstm":
            weights = [net.into, net.across, net.bias, torch.zeros_like(net.bias)]
            part, last, memory = torch.lstm(piece, (h[None], c[None]), weights, True, 1, 0.0, False, False, False)
            h, c = last[0], memory[0]
        else:
            steps = []
            for a_t in (piece @ net.into.T + net.bias).unbind(0):
                h, c, _ = STEPS[net.kind](net, a_t, h, c)
                steps.append(h)
            part = torch.stack(steps)
        parts.append(part)
    return torch.cat(parts)


def pieces(x: Tensor, truncation: int) -> Sequence[Tensor]:
    """x (T, ...) cut into pieces of `truncation` steps, counted from the last, so that the first may be shorter; 0: one piece."""
    if not 0 < truncation < x.shape[0]:
        return [x]
    first = x.shape[0] % truncation
    return [*([x[:first]] if first else []), *x[first:].split(truncation)]


def new_cell(
    kind: str, inputs: int, hidden: int, outputs: int, radius: float, keep: float | None, length: int, generator: torch.Generator,
    activation: Callable[[Tensor], Tensor] = torch.tanh,
) -> Recurrent:  # fmt: skip
    """A cell whose every recurrent block is `radius` times a random orthogonal matrix, so that this is its spectral radius.

    `keep`: the first bias of the gate that keeps, LSTM's forget gate or GRU's update gate. None: log U(1, length − 1), and the
    negative of it for LSTM's input gate, so that units keep for anything up to `length` steps (chrono, Tallec & Ollivier 2018).
    Other weights are uniform on ±1/√hidden, as torch.nn's; other biases are 0. KeyError for an unknown kind.
    """
    blocks, limit = GATES[kind], 1 / math.sqrt(hidden)
    across = torch.cat([radius * initial_weight(hidden, hidden, "orthogonal", generator, torch.float32) for _ in range(blocks)])
    into = torch.empty(blocks * hidden, inputs).uniform_(-limit, limit, generator=generator)
    read = torch.empty(outputs, hidden).uniform_(-limit, limit, generator=generator)
    bias = torch.zeros(blocks, hidden)
    if kind != "rnn":
        chrono = torch.empty(hidden).uniform_(1, max(2, length - 1), generator=generator).log()
        bias[1] = chrono if keep is None else keep
        if kind == "lstm" and keep is None:
            bias[0] = -chrono
    net = Recurrent(kind, into, across, bias.flatten(), torch.zeros(hidden), read, torch.zeros(outputs), activation)
    for tensor in net.parameters:
        tensor.requires_grad_()
    return net
