"""Small random networks give what transformers' classes and torch's own layers give with the same weights, in float64 to 1e-10."""

import pytest
import torch
from torch import Tensor, nn
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.bert.modeling_bert import BertModel
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from dlviz.nets.transformer import bert, llama
from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.trace import trace
from tests.nets.transformer import tiny

LLAMA_PARTS = {
    "norm_attention": "input_layernorm", "query": "self_attn.q_proj", "key": "self_attn.k_proj", "value": "self_attn.v_proj",
    "output": "self_attn.o_proj", "norm_feed_forward": "post_attention_layernorm", "gate": "mlp.gate_proj", "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}  # fmt: skip


def their_llama(ours: Transformer, config: llama.Config, dtype: torch.dtype, attention: str) -> LlamaForCausalLM:
    """transformers' model with our weights."""
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.vocabulary, hidden_size=config.width, intermediate_size=config.inner, num_hidden_layers=config.layers,
            num_attention_heads=config.heads, num_key_value_heads=config.key_heads, max_position_embeddings=config.context,
            rms_norm_eps=config.epsilon, rope_parameters={"rope_type": "default", "rope_theta": config.theta}, tie_word_embeddings=True,
            attn_implementation=attention,
        )
    )  # fmt: skip
    names = {"embedding.weight": "model.embed_tokens.weight", "norm.weight": "model.norm.weight"}
    weights = {}
    for name, value in ours.state_dict().items():
        *place, part, rest = name.split(".")
        weights[f"model.layers.{place[1]}.{LLAMA_PARTS[part]}.{rest}" if place else names[name]] = value
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    theirs.to(dtype).load_state_dict(weights)
    return theirs.eval()


def their_bert(ours: Transformer, config: bert.Config, dtype: torch.dtype) -> BertModel:
    """transformers' model with our weights."""
    theirs = BertModel(
        BertConfig(
            vocab_size=config.vocabulary, hidden_size=config.width, intermediate_size=config.inner, num_hidden_layers=config.layers,
            num_attention_heads=config.heads, max_position_embeddings=config.context, layer_norm_eps=config.epsilon,
            attn_implementation="eager",
        ),
        add_pooling_layer=False,
    )  # fmt: skip
    theirs.to(dtype).load_state_dict({bert.theirs(name): value for name, value in ours.state_dict().items()})
    return theirs.eval()


def exact(theirs: LlamaForCausalLM, config: llama.Config) -> LlamaForCausalLM:
    """The same with torch's RMSNorm and exact angles: transformers' own compute in float32 whatever the model is in.

    So does its "eager" softmax, the only one that shows patterns; attention itself is torch's fused one here.
    """
    for module in list(theirs.modules()):
        for name, child in list(module.named_children()):
            if type(child).__name__ == "LlamaRMSNorm":
                norm = nn.RMSNorm(config.width, config.epsilon, dtype=torch.float64)
                norm.weight = child.weight
                setattr(module, name, norm)
    theirs.model.rotary_emb = tiny.ExactTurns(config)
    return theirs


def compare(ours: Transformer, theirs: nn.Module, name: str, tolerance: float, patterns: bool = True) -> None:
    """Output, streams and, unless theirs has none, patterns of two texts at once."""
    texts = tiny.tokens(11, texts=2)
    with torch.no_grad():
        found = theirs(input_ids=texts, output_attentions=patterns, output_hidden_states=True)
        torch.testing.assert_close(ours(texts), found[name], rtol=0, atol=tolerance, check_dtype=False)
    for number, text in enumerate(texts):
        seen = trace(ours, text, ["stream"])
        for layer, pattern in enumerate(found.attentions or ()):
            torch.testing.assert_close(seen.attention[layer], pattern[number], rtol=0, atol=tolerance, check_dtype=False)
        for layer, stream in enumerate(found.hidden_states[:-1]):  # the last is normalised in theirs
            torch.testing.assert_close(seen.parts["stream"][layer], stream[number], rtol=0, atol=tolerance, check_dtype=False)


def test_llama_gives_what_transformers_gives() -> None:
    ours = tiny.drawn(llama.Llama(tiny.LLAMA))
    compare(ours, exact(their_llama(ours, tiny.LLAMA, torch.float64, "sdpa"), tiny.LLAMA), "logits", 1e-10, patterns=False)


def test_llama_gives_what_transformers_gives_as_it_is_to_its_float32() -> None:
    ours = tiny.drawn(llama.Llama(tiny.LLAMA))
    compare(ours, their_llama(ours, tiny.LLAMA, torch.float32, "eager"), "logits", 2e-3)


def test_bert_gives_what_transformers_gives() -> None:
    ours = tiny.drawn(bert.Bert(tiny.BERT))
    compare(ours, their_bert(ours, tiny.BERT, torch.float64), "last_hidden_state", 1e-10)


def torch_layer(block: nn.Module, width: int, heads: int, norm_first: bool) -> nn.TransformerEncoderLayer:
    """torch's own transformer layer with the weights of one of our blocks."""
    layer = nn.TransformerEncoderLayer(width, heads, len(block.up.weight), 0.0, "gelu", 1e-5, True, norm_first, dtype=torch.float64)
    together = [torch.cat([getattr(getattr(block, n), kind) for n in ("query", "key", "value")]) for kind in ("weight", "bias")]
    layer.self_attn.in_proj_weight.data, layer.self_attn.in_proj_bias.data = together
    pairs = [(layer.self_attn.out_proj, block.output), (layer.linear1, block.up), (layer.linear2, block.down)]
    for theirs, ours in [*pairs, (layer.norm1, block.norm_attention), (layer.norm2, block.norm_feed_forward)]:
        theirs.weight.data, theirs.bias.data = ours.weight.data, ours.bias.data
    return layer.train()  # in eval mode torch takes a fast path, which has no patterns; nothing is dropped


def test_gpt_gives_what_torchs_own_layers_give() -> None:
    ours = tiny.networks()["gpt"]
    text = tiny.tokens(11)
    mask = nn.Transformer.generate_square_subsequent_mask(11, dtype=torch.float64)
    with torch.no_grad():
        x: Tensor = ours.embedding(text) + ours.positions.weight[:11]
        for block in ours.blocks:
            x = torch_layer(block, tiny.GPT.width, tiny.GPT.heads, norm_first=True)(x, src_mask=mask)
        logits = ours.norm(x) @ ours.embedding.weight.T
        torch.testing.assert_close(ours(text), logits, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["embedding.weight", "blocks.1.key.weight", "norm.weight"])
def test_a_missing_weight_is_an_error(name: str) -> None:
    weights = {llama.theirs(each): value for each, value in tiny.drawn(llama.Llama(tiny.LLAMA)).state_dict().items()}
    assert llama.ours(weights, tiny.LLAMA).keys() == llama.Llama(tiny.LLAMA).state_dict().keys()
    del weights[llama.theirs(name)]
    with pytest.raises(KeyError, match=llama.theirs(name)):
        llama.ours(weights, tiny.LLAMA)
