"""Trains models/austen-gpt.safetensors: a GPT of 3.1 million parameters with its own tokenizer on Jane Austen's novels (see NOTICE).

`nice -n 10 python -m recipes.austen_gpt [checkpoint]`: some 16 minutes of one core that has bfloat16, longer on one that has not.
Stopped and started again it goes on from the checkpoint, which is written every CHECKPOINT steps; batches depend on SEED and
step alone. The weights are shipped in float16, with the tokenizer in the file's header and a card beside it.
"""

import hashlib
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as functional
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

from dlviz import runtime  # noqa: F401  one thread
from dlviz.compute.training import Clipping, train
from dlviz.data import austen
from dlviz.nets.transformer.gpt import GPT, Config, new

FILE = Path(__file__).parents[1] / "models/austen-gpt.safetensors"
SEED = 20260
STEPS, WARM_UP, CHECKPOINT = 1200, 100, 100
COSINE, COOL_DOWN = 2000, 1000  # the half cosine would end at one, but is left at the other
TEXTS = 16  # windows of `context` tokens in a batch
RATE, LAST_RATE, DECAY, CLIP = 2e-3, 2e-4, 0.1, 1.0


def tokenizer(vocabulary: int) -> Tokenizer:
    """Byte-pair encoding (Sennrich et al. 2016) over bytes, trained on the training part: any text can be written with it."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        austen.load("training"), trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False)
    )
    return made


def codes(made: Tokenizer, part: austen.Part) -> Tensor:
    """The tokens of all novels one after another, (n,)."""
    return torch.tensor([number for text in austen.load(part) for number in made.encode(text).ids])


def rate(step: int) -> float:
    """The learning rate: rises to RATE in WARM_UP steps, falls as half a cosine, and from COOL_DOWN on in a straight line to LAST_RATE."""
    if step < WARM_UP:
        return RATE * (step + 1) / WARM_UP
    share = (min(step, COOL_DOWN) - WARM_UP) / (COSINE - WARM_UP)
    curved = LAST_RATE + (RATE - LAST_RATE) * (1 + math.cos(math.pi * share)) / 2
    return LAST_RATE + (curved - LAST_RATE) * min(1.0, (STEPS - step) / (STEPS - COOL_DOWN))


def batches(tokens: Tensor, length: int, done: int) -> Iterator[Tensor]:
    """TEXTS windows of `length` tokens for every step that is left after `done`, drawn anew for each step."""
    for step in range(done, STEPS):
        generator = torch.Generator().manual_seed(SEED * 100_000 + step)
        starts = torch.randint(len(tokens) - length + 1, (TEXTS,), generator=generator)
        yield torch.stack([tokens[start : start + length] for start in starts.tolist()])


def loss(network: GPT, windows: Tensor) -> Tensor:
    """The mean surprise, in nats a token, about every token of windows (B, T) but the first."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(windows[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1).float(), windows[:, 1:].flatten())


def held_out_loss(network: GPT, tokens: Tensor, length: int) -> float:
    """The mean loss, in float32, over windows side by side that cover the held-out tokens."""
    windows, total = tokens[: len(tokens) // length * length].view(-1, length), 0.0
    with torch.no_grad():
        for part in windows.split(TEXTS):
            total += float(functional.cross_entropy(network(part[:, :-1]).flatten(0, 1), part[:, 1:].flatten(), reduction="sum"))
    return total / (windows.numel() - len(windows))


def go_on(network: GPT, how: torch.optim.Optimizer, checkpoint: Path) -> tuple[int, float]:
    """Put the checkpoint, if there is one, into both; how many steps and seconds it took so far."""
    if not checkpoint.exists():
        return 0, 0.0
    state = torch.load(checkpoint, weights_only=True)
    network.load_state_dict(state["network"])
    how.load_state_dict(state["optimiser"])
    return state["steps"], state["seconds"]


def keep(network: GPT, how: torch.optim.Optimizer, checkpoint: Path, steps: int, seconds: float) -> None:
    """Write the checkpoint in one piece: what is there before is replaced at once or not at all."""
    half = checkpoint.with_suffix(".part")
    torch.save({"network": network.state_dict(), "optimiser": how.state_dict(), "steps": steps, "seconds": seconds}, half)
    os.replace(half, checkpoint)


def trained(config: Config, tokens: Tensor, checkpoint: Path, say: Callable[[int, float], None]) -> tuple[GPT, float]:
    """The network after STEPS steps and the seconds of processor time they took; `say` hears of every checkpoint."""
    network = new(config, torch.Generator().manual_seed(SEED))
    parameters = list(network.parameters())
    how = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.95), weight_decay=DECAY, foreach=True)
    done, spent = go_on(network, how, checkpoint)
    clip, started = Clipping(parameters, CLIP), time.process_time() - spent

    def before_step() -> None:
        clip()
        how.param_groups[0]["lr"] = rate(done + len(clip.norms) - 1)

    windows = batches(tokens, config.context + 1, done)
    for step in train(lambda batch: loss(network, batch), parameters, how, windows, before_step):
        if (done + step) % CHECKPOINT == 0:
            seconds = time.process_time() - started
            keep(network, how, checkpoint, done + step, seconds)
            say(done + step, seconds)
    return network.eval(), time.process_time() - started


def main() -> None:
    """Train, write weights and card, and say how good it is."""
    config = Config()
    made = tokenizer(config.vocabulary)
    held_out = codes(made, "held_out")
    characters = sum(map(len, austen.load("held_out")))
    checkpoint = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("austen-gpt.checkpoint")
    network, seconds = trained(config, codes(made, "training"), checkpoint, lambda n, s: print(f"{n} steps, {s / 60:.1f} min", flush=True))
    score = held_out_loss(network, held_out, config.context + 1)
    weights = {name: tensor.half() for name, tensor in network.state_dict().items()}
    save_file(weights, FILE, {"tokenizer": made.to_str(), "config": json.dumps(asdict(config))})
    card = {
        "recipe": "python -m recipes.austen_gpt",
        "data": "dlviz/data/austen.txt.xz, the last 5 % of each novel held out",
        "config": asdict(config),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "steps": STEPS,
        "tokens_a_step": TEXTS * config.context,
        "seed": SEED,
        "processor_minutes": round(seconds / 60, 1),
        "torch": torch.__version__.partition("+")[0],
        "held_out_nats_a_token": round(score, 4),
        "held_out_bits_a_character": round(score * len(held_out) / characters / math.log(2), 4),
        "sha256": hashlib.sha256(FILE.read_bytes()).hexdigest(),
    }
    FILE.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {FILE.stat().st_size / 1e6:.2f} MB, held out {score:.3f} nats a token")


if __name__ == "__main__":
    main()
