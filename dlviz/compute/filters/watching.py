"""What is kept of Learning filters' two networks at one moment of their training."""

import numpy as np
import torch
from torch import Tensor

from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters.changes import tensors_of
from dlviz.nets.convolutional import Convolutional
from dlviz.nets.mlp import MLP


def look(net: Convolutional, rival: MLP, scored: nets.Set, watched: Tensor) -> dict[str, np.ndarray]:
    """One frame: weights, maps of the watched pictures, and both networks' scores."""
    scores = [nets.score(each, scored) for each in (net, rival)]
    with torch.no_grad():
        logits, maps = net.forward(watched)
        chances = torch.stack([logits, nets.logits_of(rival, watched)]).softmax(2)
        highs = torch.stack([layer.amax((1, 2, 3)) for layer in maps], 1)  # (SHOWN, layers)
        levels = [(255 * layer / highs[:, i, None, None, None].clamp_min(1e-12)).round() for i, layer in enumerate(maps)]
        return weights_seen(net, rival) | {
            "maps": torch.cat([layer.flatten(1) for layer in levels], 1).flatten().nan_to_num().to(torch.uint8).numpy(),
            "highs": highs.numpy(),
            "chances": chances.numpy(),
            "losses": np.array([each.loss for each in scores], np.float32),
            "accuracies": np.array([each.accuracy for each in scores]),
            "confusion": nets.confusion(scored.y, scores[0].answers).numpy().astype(np.float32),
            "answers": scores[0].answers.numpy().astype(np.uint8),
        }


def weights_seen(net: Convolutional, rival: MLP) -> dict[str, np.ndarray]:
    """Copies of every kernel, and of the rival's first weights."""
    with torch.no_grad():
        return {"kernels": torch.cat([kernel.flatten() for kernel in net.kernels]).numpy(), "rival": rival.weights[0].numpy().copy()}


def end(net: Convolutional, rival: MLP, pictures: nets.Set) -> dict[str, np.ndarray]:
    """What is only kept of the end of a run: every number of the network, and how well the training pictures are known."""
    some = nets.Set(pictures.x[:1000], pictures.y[:1000])
    with torch.no_grad():
        state = torch.cat([tensor.flatten() for tensor in tensors_of(net)]).numpy()
    known = np.array([nets.score(each, some).accuracy for each in (net, rival)])
    return {"state": state, "training": known, "ink_smoothness": np.array(nets.smoothness(pictures.x.flatten(0, 1)))}
