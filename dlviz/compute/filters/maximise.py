"""Activation maximisation (Erhan et al. 2009): gradient ascent on the picture itself until something in a network answers most.

Notation: z the parameter that is changed, real numbers or Fourier coefficients; x the latent picture (3, n, n), any real numbers;
p = 1 / (1 + exp(−A x)) the picture, colours between 0 and 1, A (3, 3) the colours that the three channels of x stand for. A picture
in grey has one channel and A = 1.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from dlviz.compute.training import optimiser

BLUR_EVERY = 4  # steps, as Yosinski et al. 2015 do it
SMOOTH = 1e-6  # under the root of the total variation, which has no gradient at 0 otherwise
DARKEST = 0.02  # colours of a photograph are taken between this and 1 − this: 0 and 1 themselves are infinitely far away
Score = Callable[[Tensor], Tensor]  # pictures (B, 3, n, n), colours 0 to 255, to (B,)


@dataclass(frozen=True, eq=False)
class Canvas:
    """What the ascent changes: `parameter` is z, (3, n, n) or with `fourier` (3, n, n // 2 + 1, 2); `colours` is A."""

    parameter: Tensor
    fourier: bool
    colours: Tensor

    def picture(self) -> Tensor:
        """p = 1 / (1 + exp(−A x)), (3, n, n), in which every value can be shown."""
        x = from_fourier(self.parameter) if self.fourier else self.parameter
        return torch.sigmoid(torch.einsum("ij,jhw->ihw", self.colours, x))


@dataclass(frozen=True)
class Way:
    """How the picture climbs: `ascent` "adam" or "plain"; `jitter` and the standard deviation `blur` in pixels; `variation` a weight."""

    ascent: str
    step_size: float
    jitter: int
    blur: float
    variation: float


def frequencies(n: int) -> Tensor:
    """|f| of the coefficients of `torch.fft.rfft2`, in cycles a pixel. (n, n // 2 + 1)."""
    down, across = torch.fft.fftfreq(n), torch.fft.rfftfreq(n)
    return (down[:, None] ** 2 + across[None] ** 2).sqrt()


def natural_scale(n: int) -> Tensor:
    """By how much each coefficient of z counts in x: 1 / max(f, 1/n), as the spectrum of photographs falls. (n, n // 2 + 1).

    Olah, Mordvintsev and Schubert 2017, Feature Visualization. Normalised so that independent standard normal real and imaginary parts
    give a picture with a variance of about 1: half of them stand for their mirror images too, so 2 Σ scale² / n² = 1 over all n².
    """
    falling = 1 / frequencies(n).clamp(min=1 / n)
    mirrored = torch.full((n // 2 + 1,), 2.0)
    mirrored[0] = 1.0
    if n % 2 == 0:
        mirrored[-1] = 1.0
    return falling / (2 * (falling.square() * mirrored).sum() / n**2).sqrt()


def from_fourier(z: Tensor) -> Tensor:
    """The real picture x = F⁻¹(scale · z), of coefficients (3, n, n // 2 + 1, 2). (3, n, n)."""
    n = z.shape[1]
    return torch.fft.irfft2(torch.view_as_complex(z) * natural_scale(n).to(z), s=(n, n), norm="ortho")


def to_fourier(x: Tensor) -> Tensor:
    """The coefficients z from which `from_fourier` makes x. (3, n, n // 2 + 1, 2)."""
    n = x.shape[1]
    return torch.view_as_real(torch.fft.rfft2(x, norm="ortho") / natural_scale(n).to(x)).contiguous()


def latent(picture: Tensor, colours: Tensor) -> Tensor:
    """x of a picture p, colours 0 to 1: A⁻¹ log(p / (1 − p)), p kept from DARKEST to 1 − DARKEST. (3, n, n)."""
    p = picture.clamp(DARKEST, 1 - DARKEST)
    return torch.einsum("ij,jhw->ihw", torch.linalg.inv(colours), torch.log(p / (1 - p)))


def begin(picture: Tensor, fourier: bool, colours: Tensor) -> Canvas:
    """The canvas that shows a picture p, (3, n, n) from 0 to 1."""
    x = latent(picture, colours)
    return Canvas(to_fourier(x) if fourier else x, fourier, colours)


def noise(n: int, spread: float, fourier: bool, generator: torch.Generator, channels: int = 3) -> Tensor:
    """z of a noise picture x with about this standard deviation: normal pixels, or normal coefficients."""
    shape = (channels, n, n // 2 + 1, 2) if fourier else (channels, n, n)
    return spread * torch.randn(shape, generator=generator)


def shown(canvas: Canvas) -> Tensor:
    """The picture as a screen shows it, uint8 (3, n, n): 255 p, rounded."""
    return (255 * canvas.picture().detach()).round().to(torch.uint8)


def jittered(picture: Tensor, reach: int, generator: torch.Generator) -> Tensor:
    """The picture moved by up to `reach` pixels each way, what leaves at one side entering at the other (Mordvintsev et al. 2015)."""
    if reach == 0:
        return picture
    down, across = torch.randint(-reach, reach + 1, (2,), generator=generator).tolist()
    return torch.roll(picture, (down, across), (-2, -1))


def total_variation(picture: Tensor) -> Tensor:
    """mean √(Δ_down² + Δ_across² + SMOOTH): how much neighbours differ (Rudin, Osher and Fatemi 1992). () of (3, n, n)."""
    down = picture[:, 1:, :-1] - picture[:, :-1, :-1]
    across = picture[:, :-1, 1:] - picture[:, :-1, :-1]
    return (down.square() + across.square() + SMOOTH).sqrt().mean()


def blurred(parameter: Tensor, sigma: float, fourier: bool) -> Tensor:
    """z of the picture x convolved with a Gaussian that goes round the edges: coefficients times exp(−2 π² σ² f²)."""
    n = parameter.shape[1]
    passed = torch.exp(-2 * (math.pi * sigma * frequencies(n)).square()).to(parameter)
    if fourier:
        return parameter * passed[:, :, None]
    return torch.fft.irfft2(torch.fft.rfft2(parameter) * passed, s=(n, n))


def climb(canvas: Canvas, score: Score, way: Way, generator: torch.Generator) -> Iterator[int]:
    """Take one step after another up score(255 p) − variation · total variation, yielding how many were taken; it never ends by itself.

    Adam: z += step_size · m / √v (Kingma and Ba 2015). Plain: z += step_size · g / rms(g), so that a step has the same length everywhere.
    """
    z = canvas.parameter.requires_grad_()
    adam = optimiser("adam", [z], way.step_size, 0.0, 0.0)
    step = 0
    while True:
        picture = canvas.picture()
        loss = -score(255 * jittered(picture, way.jitter, generator)[None])[0]
        if way.variation:
            loss = loss + way.variation * total_variation(picture)
        (gradient,) = torch.autograd.grad(loss, z)
        step += 1
        with torch.no_grad():
            if way.ascent == "adam":
                z.grad = gradient
                adam.step()
            else:
                z -= way.step_size * gradient / gradient.square().mean().sqrt().clamp(min=1e-12)
            if way.blur and step % BLUR_EVERY == 0:
                z.copy_(blurred(z, way.blur, canvas.fourier))
        yield step
