"""What a folder in the form of the package transformers holds, and the network and tokenizer made of it.

transformers is used here alone and is no requirement: it is imported when somebody asks for such a model. Nothing in a folder is run:
no code that it brings (`trust_remote_code=False`), and no weights but safetensors, for others are pickles.
"""

import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dlviz.zoo.files import MissingWeights

TESTED = "5.23.0"  # the transformers of requirements-dev.txt
MOST_PARAMETERS = 500_000_000  # 2 GB in float32
MOST_LAYERS, MOST_HEADS = 48, 32
TOKENS = ("tokenizer.json", "vocab.txt", "merges.txt")  # one of which a tokenizer needs
HEADLESS = ("pooler",)  # parts of an encoder that are not asked here, and that many checkpoints lack

log = logging.getLogger("dlviz.zoo")


@dataclass(frozen=True)
class Anatomy:
    """What kind of network it is, its layers of so many heads each, how many tokens it reads, and whether it says what comes next."""

    kind: str
    layers: int
    heads: int
    context: int
    decoder: bool
    parameters: int


def lacking() -> str:
    """What has to be installed first, as one sentence; empty if transformers is here."""
    if importlib.util.find_spec("transformers"):
        return ""
    return f"Other models need the package transformers, which is not installed here: run `python -m pip install transformers=={TESTED}`."


def examine(name: str, folder: Path) -> Anatomy:
    """What the folder's config.json says, before any weights are there. MissingWeights with a sentence if such a model cannot be shown."""
    config = _config(name, folder)
    layers, heads, kind = (getattr(config, field, None) for field in ("num_hidden_layers", "num_attention_heads", "model_type"))
    if getattr(config, "is_encoder_decoder", False):
        raise MissingWeights(f"{name} is an encoder with a decoder ({kind}): only models that are one of the two are shown.")
    if not _reads_text(config):
        raise MissingWeights(f"{name} is a {kind}, which is no decoder or encoder of text.")
    if not isinstance(layers, int) or not isinstance(heads, int):
        raise MissingWeights(f"{name} is a {kind}: its config.json names no attention heads, so there are no maps.")
    if not (0 < layers <= MOST_LAYERS and 0 < heads <= MOST_HEADS):
        raise MissingWeights(f"{name} has {layers} layers of {heads} heads: at most {MOST_LAYERS} of {MOST_HEADS} are shown.")
    if getattr(config, "quantization_config", None):
        raise MissingWeights(f"{name} has quantised weights, which need packages of their own: choose the model that it was made from.")
    if (parameters := _parameters(name, config)) > MOST_PARAMETERS:
        raise MissingWeights(
            f"{name} has {parameters / 1e6:,.0f} million parameters: the most here are {MOST_PARAMETERS / 1e6:,.0f} million."
        )
    return Anatomy(str(kind), layers, heads, int(getattr(config, "max_position_embeddings", 0) or 2**20), _is_decoder(config), parameters)


def load(name: str, folder: Path, anatomy: Anatomy) -> tuple[nn.Module, str]:
    """The network in float32, which gives its attention, and its tokenizer's JSON. MissingWeights if something is damaged."""
    from transformers import AutoTokenizer

    config = _config(name, folder)
    try:
        network, told = _kind(anatomy).from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            attn_implementation="eager",  # the others compute no maps
            use_safetensors=True,
            output_loading_info=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    except Exception as error:  # whatever strangers' files make transformers raise
        log.warning("%s could not be loaded: %r", name, error)
        raise MissingWeights(f"{name} could not be loaded: its weights are damaged, or not those of its config.json.") from error
    if lost := [key for key in told["missing_keys"] if not key.startswith(HEADLESS)]:
        raise MissingWeights(f"{name} lacks weights, such as {sorted(lost)[0]!r}: without them it would say something random.")
    try:
        if not any((folder / file).is_file() for file in TOKENS):
            raise FileNotFoundError("transformers would make one up that knows no words")
        tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True, local_files_only=True, trust_remote_code=False)
        return network.eval().requires_grad_(False), tokenizer.backend_tokenizer.to_str()
    except Exception as error:
        log.warning("%s has no tokenizer that can be read: %r", name, error)
        raise MissingWeights(f"{name} has no tokenizer that can be read here: it needs a tokenizer.json.") from error


def _config(name: str, folder: Path) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        log.warning("%s has no config.json that can be used: %r", name, error)
        raise MissingWeights(f"{name} is of no kind that transformers knows here; code that a model brings along is never run.") from error


def _reads_text(config: Any) -> bool:
    """Whether it is a language model of either kind."""
    from transformers.models.auto import modeling_auto as auto

    return config.model_type in {*auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, *auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES}


def _is_decoder(config: Any) -> bool:
    """Whether the checkpoint is that of a decoder: its class says so, or else it is a kind that is never an encoder."""
    from transformers.models.auto import modeling_auto as auto

    decoder = auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(config.model_type)
    return decoder in (config.architectures or ()) or (
        decoder is not None and config.model_type not in auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    )


def _kind(anatomy: Anatomy) -> Any:
    from transformers import AutoModel, AutoModelForCausalLM

    return AutoModelForCausalLM if anatomy.decoder else AutoModel


def _parameters(name: str, config: Any) -> int:
    """How many parameters a network of this config has; it is built without memory."""
    from transformers import AutoModel

    try:
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in AutoModel.from_config(config).parameters())  # type: ignore[no-untyped-call]
    except Exception as error:
        log.warning("%s cannot be built: %r", name, error)
        raise MissingWeights(f"{name} cannot be built from what its config.json says.") from error
