"""What decoders have in common: tokens are read out by the vectors they are embedded with, after one last norm."""

from torch import Tensor

from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.maps import Embedding, unembed


class Decoder(Transformer):
    """Tokens (B, T) to logits (B, T, vocabulary) of the next one. Its blocks write into the stream by `output.weight` (width, heads·d), of
    all heads' results side by side, and by `down.weight` (width, inner), of the hidden units."""

    causal = True
    embedding: Embedding

    def norm_of(self, stream: Tensor) -> Tensor:
        """The stream (..., width) after the last norm."""
        raise NotImplementedError

    def share(self, parts: Tensor, stream: Tensor) -> Tensor:
        """What parts (..., width) of a stream (..., width) are after its last norm, whose divisor is that of the whole stream.

        The shares of all parts that the stream is the sum of, and the norm's bias if it has one, add up to `norm_of(stream)`.
        """
        raise NotImplementedError

    def unembed(self, x: Tensor) -> Tensor:
        """The logits (..., vocabulary) of what the last norm gives (..., width)."""
        return unembed(x, self.embedding.weight)

    def finish(self, stream: Tensor) -> Tensor:
        """The logits."""
        return self.unembed(self.norm_of(stream))
