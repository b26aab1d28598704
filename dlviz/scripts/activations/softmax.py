"""dlviz, Activations, Softmax: probabilities, their Jacobian by autograd, entropy, odds, and the overflow of the naive formula.

Needs torch. Prints, as JSON, the numbers that the page shows for these SETTINGS.
"""

import json
import math
from typing import Any

import torch

SETTINGS: dict[str, Any] = {"logits": (2.0, 1.0, 0.0, -1.0), "temperature": 1.0, "chosen": "1", "precision": "float32"}


def softmax(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """p_i = exp(z_i/T) / sum_j exp(z_j/T), shifted by the largest logit so that exp cannot overflow."""
    scaled = logits / temperature
    terms = torch.exp(scaled - scaled.max().detach())
    return terms / terms.sum()


def main() -> dict[str, float]:
    """The numbers of the distribution, of the followed class against its strongest rival, and of the two formulas."""
    temperature, i = SETTINGS["temperature"], int(SETTINGS["chosen"]) - 1
    logits = torch.tensor(SETTINGS["logits"], dtype=torch.float64)
    probabilities = softmax(logits, temperature)
    jacobian = torch.func.jacrev(lambda z: softmax(z, temperature))(logits)  # (n, n): dp_i / dz_j
    entropy = torch.special.entr(probabilities).sum().item()  # -sum p ln p, with 0 ln 0 = 0
    rival = max(z for j, z in enumerate(SETTINGS["logits"]) if j != i)
    gap = SETTINGS["logits"][i] - rival

    rough = logits.to(getattr(torch, SETTINGS["precision"]))
    terms = torch.exp(rough / temperature)  # inf once z/T passes 88.7 in float32
    return {
        "winner": probabilities.argmax().item() + 1.0,
        "winner_probability": probabilities.max().item(),
        "entropy": entropy,
        "entropy_bits": entropy / math.log(2),
        "perplexity": math.exp(entropy),
        "logit_gap": gap,
        "log_odds": gap / temperature,
        "chosen_probability": probabilities[i].item(),
        "chosen_slope": jacobian[i, i].item(),
        "naive_undefined": float((terms / terms.sum()).isnan().sum().item()),
        "shifted_sum": softmax(rough, temperature).double().sum().item(),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(main(), indent=1))
