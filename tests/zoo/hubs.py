"""Small models in the form of Hugging Face's, made here, and a server that answers as its hub does, for tests without a network."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

WORDS = ["[UNK]", "[CLS]", "[SEP]", "the", "bank", "was", "river", "by", "we", "sat", "?", "on"]
REVISION = "0" * 40
NOBODY = "http://127.0.0.1:9"


def tokenizer(encoder: bool) -> PreTrainedTokenizerFast:
    """Words; an encoder's stand between [CLS] and [SEP]."""
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if encoder:
        made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]")


def network(kind: str) -> PreTrainedModel:
    """A network of three layers and two heads, in which no two weights are alike."""
    sizes: dict[str, Any] = {"vocab_size": len(WORDS), "bos_token_id": 0, "eos_token_id": 0}
    hidden: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    made: PreTrainedModel
    if kind == "gpt2":
        made = GPT2LMHeadModel(GPT2Config(n_embd=8, n_layer=3, n_head=2, n_positions=32, **sizes))
    elif kind == "llama":
        made = LlamaForCausalLM(LlamaConfig(num_key_value_heads=1, max_position_embeddings=64, tie_word_embeddings=True, **hidden, **sizes))
    else:
        made = BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=48, **hidden), add_pooling_layer=False)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
    return made.eval()


def write(kind: str, folder: Path, **config: Any) -> Path:
    """A model of this kind as files, with `config` over what its config.json says."""
    network(kind).save_pretrained(folder)
    tokenizer(kind == "bert").save_pretrained(folder)
    said = folder / "config.json"
    said.write_text(json.dumps(json.loads(said.read_text("utf-8")) | config), encoding="utf-8")
    return folder


class Hub:
    """What a hub is asked and answers: files by model and name; `gated` ones; and what breaks off in the middle."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.sizes: dict[str, int] = {}  # instead of the true ones
        self.gated: set[str] = set()
        self.tokens: list[str | None] = []  # with which it was asked
        self.status = 200
        self.asked: list[str] = []
        self.broken = self.wrong = ""  # files that break off, and that are others than was said

    def take(self, name: str, folder: Path) -> None:
        """Offer the files of a folder."""
        self.files[name] = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    def about(self, name: str) -> dict[str, Any]:
        """What the hub says of a model and its files."""
        siblings = []
        for file, content in self.files[name].items():
            size = self.sizes.get(file, len(content))
            lfs = {"size": size, "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 1} if file.endswith("safetensors") else None
            siblings.append({"rfilename": file, "size": size, "blobId": "0", "lfs": lfs})
        return {"id": name, "modelId": name, "sha": REVISION, "gated": "manual" if name in self.gated else False, "siblings": siblings}


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """The hub's address while it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self, body: bool = True) -> None:
            hub.asked.append(self.path)
            hub.tokens.append(self.headers.get("Authorization"))
            path = self.path.partition("?")[0].strip("/")
            if hub.status != 200:
                return self.answer(hub.status, b"", body)
            if path.startswith("api/models/") and (name := path.removeprefix("api/models/")) in hub.files:
                return self.answer(200, json.dumps(hub.about(name)).encode(), body)
            name, _, rest = path.partition("/resolve/")
            file = rest.partition("/")[2]
            if name in hub.files and file in hub.files[name]:
                content = hub.files[name][file]
                elsewhere = {"X-Xet-Hash": "0" * 64, "X-Xet-Refresh-Route": f"/api/models/{name}/xet-read-token/{REVISION}"}
                return self.answer(200, content[::-1] if file == hub.wrong else content, body, elsewhere, file == hub.broken)
            self.answer(404, b"", body, {"X-Error-Code": "EntryNotFound" if name in hub.files else "RepoNotFound"})

        def do_HEAD(self) -> None:
            self.do_GET(body=False)

        def answer(self, status: int, content: bytes, body: bool, headers: dict[str, str] | None = None, broken: bool = False) -> None:
            self.send_response(status)
            about = {"Content-Length": str(len(content)), "ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": REVISION}
            for name, value in (about | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content[: len(content) // 2] if broken else content)
            if broken and body:
                self.connection.close()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def use(monkeypatch: pytest.MonkeyPatch, folder: Path, address: str = NOBODY) -> None:
    """Hugging Face's library asks at this address alone, all caches are empty ones in the folder, and the host allows it."""
    monkeypatch.setenv("DLVIZ_HUB", "1")
    monkeypatch.setenv("DLVIZ_CACHE", str(folder / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hf"))
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")


def put_into_their_cache(name: str, kind: str, **config: Any) -> Path:
    """A model as Hugging Face's library keeps it, found without a network."""
    kept = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs/main").write_text(REVISION, encoding="utf-8")
    return write(kind, kept / "snapshots" / REVISION, **config)
