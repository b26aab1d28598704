"""The recipe of the small GPT on a smaller one, and the shipped weights against their card."""

import hashlib
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dlviz.compute import language
from dlviz.data import austen
from dlviz.nets.transformer.gpt import GPT, Config
from recipes import austen_gpt as recipe

SMALL = Config(vocabulary=300, width=16, layers=2, heads=2, context=8)
CARD = json.loads(recipe.FILE.with_suffix(".json").read_text(encoding="utf-8"))


def train(checkpoint: Path, steps: int, monkeypatch: pytest.MonkeyPatch) -> GPT:
    """The small network after so many steps, or as many as are left after the checkpoint."""
    monkeypatch.setattr(recipe, "STEPS", steps)
    monkeypatch.setattr(recipe, "CHECKPOINT", 5)
    monkeypatch.setattr(recipe, "rate", lambda step: 1e-2)
    tokens = torch.arange(5000) % 7
    return recipe.trained(SMALL, tokens, checkpoint, lambda steps, seconds: None)[0]


def test_stopped_and_started_again_the_training_ends_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(tmp_path / "a", 10, monkeypatch)
    train(tmp_path / "b", 5, monkeypatch)
    resumed = train(tmp_path / "b", 10, monkeypatch)
    for (name, a), b in zip(whole.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_a_sequence_that_repeats_is_soon_no_surprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = train(tmp_path / "a", 60, monkeypatch)
    tokens = torch.arange(900) % 7
    assert recipe.held_out_loss(network, tokens, 9) < 0.6 * math.log(300)
    with torch.no_grad():
        windows = tokens[:900].view(-1, 9)
        expected = torch.nn.functional.cross_entropy(network(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())
    assert recipe.held_out_loss(network, tokens, 9) == pytest.approx(float(expected), rel=1e-5)


def test_the_learning_rate_rises_falls_and_ends_where_it_says() -> None:
    rates = [recipe.rate(step) for step in range(recipe.STEPS)]
    peak = rates.index(max(rates))
    assert peak in (recipe.WARM_UP - 1, recipe.WARM_UP) and max(rates) == pytest.approx(recipe.RATE)
    assert rates[:peak] == sorted(rates[:peak]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert recipe.rate(recipe.STEPS) == pytest.approx(recipe.LAST_RATE)


def test_the_shipped_weights_are_those_of_the_card() -> None:
    assert hashlib.sha256(recipe.FILE.read_bytes()).hexdigest() == CARD["sha256"] and recipe.FILE.stat().st_size < 8e6
    weights = load_file(recipe.FILE)
    assert all(weight.dtype == torch.float16 for weight in weights.values())
    assert sum(weight.numel() for weight in weights.values()) == CARD["parameters"] and CARD["steps"] == recipe.STEPS


def test_the_shipped_network_is_as_good_as_its_card_says_on_text_it_has_not_seen() -> None:
    """Windows spread over the held-out text; their mean is within 4 % of the mean of all."""
    model = language.model("austen")
    tokens = torch.tensor([number for text in austen.load("held_out") for number in model.tokenizer.encode(text).ids])
    length = model.network.context + 1
    windows = torch.cat([tokens[start : start + length] for start in range(0, len(tokens) - length, len(tokens) // 24)])
    assert recipe.held_out_loss(model.network, windows, length) == pytest.approx(CARD["held_out_nats_a_token"], rel=0.04)


def test_any_text_goes_through_its_tokenizer() -> None:
    model = language.model("austen")
    for text in ("It is a truth universally acknowledged", "💚 naïve\n\n 12345 <b>", " \t"):
        tokens = model.read(text)
        assert model.text(list(tokens.ids)) == text and max(tokens.ids) < 2048


def test_it_has_learned_how_austen_writes() -> None:
    """After "Mr." comes a space and a name, in text of the held-out chapters' people."""
    model = language.model("austen")
    with torch.no_grad():
        logits = model.network(language.tensor(model.read("She was sure that Mr."))[None])[0, -1]
    assert model.text([int(logits.argmax())]).strip() in {"Darcy", "Knightley", "Elton", "Crawford", "Weston", "Elliot", "Bennet"}
