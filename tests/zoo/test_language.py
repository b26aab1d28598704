"""How SmolLM2's and MiniLM's files are made ready, on small files made here."""

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models

from dlviz.data.tokens import encode, reader
from dlviz.zoo import language
from dlviz.zoo.fetching import cache_folder
from dlviz.zoo.files import MissingWeights, sha256_of

HEADS, KEY_HEADS, D = 4, 2, 8
ALPHABET = [*"0123456789abcdefghijklmnopqrstuvwxyz", "Ġ"]


def their_order(rows: np.ndarray, heads: int) -> np.ndarray:
    """The rows as llama.cpp's converter stores them (convert_hf_to_gguf.py, LlamaModel.permute)."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def small_gguf(file: Path, weights: dict[str, np.ndarray]) -> None:
    """A file with what the conversion asks for."""
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_token_list(["<|im_end|>", *ALPHABET, "Ġt", "Ġth", "12"])
    writer.add_token_types([3, *[1] * (len(ALPHABET) + 3)])
    writer.add_token_merges(["Ġ t", "Ġt h", "1 2"])
    for name, array in weights.items():
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_rows_of_queries_and_keys_come_back_in_the_order_they_had(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rows = {"attn_q": HEADS * D, "attn_k": KEY_HEADS * D, "attn_v": KEY_HEADS * D}
    first = {f"blk.0.{name}.weight": draw.normal(size=(count, 32)).astype(np.float32) for name, count in rows.items()}
    first["output_norm.weight"] = draw.normal(size=32).astype(np.float32)
    stored = dict(first)
    stored["blk.0.attn_q.weight"] = their_order(first["blk.0.attn_q.weight"], HEADS)
    stored["blk.0.attn_k.weight"] = their_order(first["blk.0.attn_k.weight"], KEY_HEADS)
    small_gguf(tmp_path / "in", stored)
    language.keep_smollm2({language.GGUF_PATH: tmp_path / "in"}, tmp_path / "out.safetensors")
    kept = load_file(tmp_path / "out.safetensors")
    assert kept["output_norm.weight"].dtype == torch.float32
    for name, array in first.items():
        expected = torch.from_numpy(array)
        assert torch.equal(kept[name], expected.bfloat16() if array.ndim == 2 else expected), name
    assert not np.array_equal(stored["blk.0.attn_q.weight"], first["blk.0.attn_q.weight"])


def test_the_tokenizer_comes_out_of_the_file_with_its_merges_and_splits_digits(tmp_path: Path) -> None:
    small_gguf(tmp_path / "in", {"x": np.ones((1, 32), np.float32)})
    language.keep_smollm2({language.GGUF_PATH: tmp_path / "in"}, tmp_path / "out.safetensors")
    # there is a merge of 1 and 2, which digits that stand by themselves never meet
    tokenizer = reader(language._read(tmp_path / "out.safetensors").tokenizer)
    assert encode(tokenizer, "see the 123").names == ("s", "e", "e", "Ġth", "e", "Ġ", "1", "2", "3")
    assert tokenizer.token_to_id("<|im_end|>") == 0


def test_the_encoders_weights_are_kept_as_they_are(tmp_path: Path) -> None:
    weights = {"a": torch.randn(3, 4, generator=torch.Generator().manual_seed(0))}
    save_file(weights, tmp_path / "in")
    description = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]")).to_str()
    (tmp_path / "tokenizer.json").write_text(description, encoding="utf-8")
    names = ("model.safetensors", "tokenizer.json")
    files = {f"{language.SENTENCES}/{name}": tmp_path / place for name, place in zip(names, ("in", "tokenizer.json"), strict=True)}
    language.keep_minilm(files, tmp_path / "out.safetensors")
    found = language._read(tmp_path / "out.safetensors")
    assert torch.equal(found.weights["a"], weights["a"]) and json.loads(found.tokenizer) == json.loads(description)


def test_what_is_not_here_says_what_it_would_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLVIZ_CACHE", str(tmp_path))
    assert not language.is_here("smollm2")
    with pytest.raises(MissingWeights, match="SmolLM2 has not been fetched yet: that takes 93 MB."):
        language.load("smollm2")
    with pytest.raises(KeyError):
        language.load("gpt5")
    save_file({"a": torch.ones(2)}, tmp_path / "x", {language.TOKENIZER: "{}"})
    (tmp_path / "x").rename(cache_folder() / f"smollm2-1-{sha256_of(tmp_path / 'x')[:16]}.safetensors")
    assert language.is_here("smollm2") and language.load("smollm2").weights["a"].tolist() == [1, 1]
