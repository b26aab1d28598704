"""What it does: switching off is subtracting, rollout is a product, values are weighed, and sentences name what the results have."""

import json
import random
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch

from dlviz import scripts
from dlviz.compute import language, run
from dlviz.compute.attention import effect, looking
from dlviz.compute.attention.doing import rank_correlation, rollout, surprise, value_weighted
from dlviz.compute.attention.effect import Params, Result
from dlviz.compute.attention.parts import Part, changes, read_parts, read_weights, write_parts
from dlviz.compute.attention.passes import places
from dlviz.compute.attention.sweep import Sweep, logit_of
from dlviz.fields import ParameterError
from dlviz.lessons import Scene
from dlviz.nets.transformer import gpt, llama
from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.bert import sentence_vector
from dlviz.nets.transformer.changes import Changes
from dlviz.nets.transformer.trace import trace
from dlviz.zoo import language as zoo
from dlviz.zoo import recorded
from recipes.recorded import settings_of
from tests.conftest import SCENES
from tests.fetched import need
from tests.nets.transformer import tiny

NETWORKS = tiny.networks()
SCENE = {scene.id: scene for scene in SCENES if scene.view == "effect"}
each = pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
AUSTEN = Params(model="austen", text="It is a truth universally acknowledged")
BASES = [params for params in settings_of("attention.effect") if isinstance(params, Params) and params == params.of_sweep()]


def projected(network: Transformer, text: torch.Tensor, layer: int, head: int, changed: Changes | None = None) -> torch.Tensor:
    """What a head adds to the stream (T, width), by matrix products: its row of weights times V times its columns of W_O."""
    seen = trace(network, text, ["values"], changed)
    values = seen.parts["values"][layer]
    own = values[head * len(values) // network.heads]
    d = own.shape[1]
    out = torch.as_tensor(network.blocks[layer].output.weight)[:, head * d : (head + 1) * d]
    return seen.attention[layer, head] @ own @ out.T


@pytest.mark.parametrize("kind", [llama.Llama, gpt.GPT])
def test_a_head_off_in_a_network_of_one_layer_is_its_projected_output_subtracted(kind: type[Transformer]) -> None:
    """From the stream after attention, which the feed-forward layer then reads; without that layer, from the last stream itself."""
    config = replace(tiny.LLAMA if kind is llama.Llama else tiny.GPT, layers=1)
    network, text = tiny.drawn(kind(config)), tiny.tokens()[0]
    parts = ["stream", "attention_adds"]
    for head in range(network.heads):
        off = changes([Part(0, head), Part(0, network.heads + 1)], network.heads, mean=False)
        on = changes([Part(0, network.heads + 1)], network.heads, mean=False)
        gone, there = (trace(network, text, parts, each) for each in (off, on))
        taken = there.parts["stream"][-1] - gone.parts["stream"][-1]
        torch.testing.assert_close(taken, projected(network, text, 0, head), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["llama", "gpt"])
def test_the_last_layers_heads_act_directly(name: str) -> None:
    """Nothing comes after: with the last feed-forward layer off, the logit is that of the stream minus what the head had added."""
    network, text = NETWORKS[name], tiny.tokens()[0]
    last, heads = network.layers - 1, network.heads
    quiet = changes([Part(last, heads + 1)], heads, mean=False)
    stream = trace(network, text, ["stream"], quiet).parts["stream"][-1]
    for head in range(heads):
        off = changes([Part(last, head), Part(last, heads + 1)], heads, mean=False)
        with torch.no_grad():
            wanted = network.finish(stream - projected(network, text, last, head))[-1]
        torch.testing.assert_close(trace(network, text, (), off).output[-1], wanted, rtol=0, atol=1e-11)


@each
@pytest.mark.parametrize("mean", [False, True])
def test_a_sweep_gives_what_separate_passes_give(network: Transformer, mean: bool) -> None:
    texts = [tiny.tokens()[0], tiny.tokens(6, seed=5)[0]]
    sweep = Sweep(network, texts, mean)
    assert np.isnan(sweep.logits(7) if network.causal else sweep.similarities()).all() and sweep.worked == 0
    while not sweep.finished:
        sweep.go_on()
    assert sweep.worked == sweep.work == 3
    found = sweep.logits(7) if network.causal else sweep.similarities()
    for layer in range(2):
        for column in range(network.heads + 2):
            off = Part(layer, column).off(network.heads, mean)
            before, after = ([trace(network, text, (), change).output for text in texts] for change in (None, off))
            if network.causal:
                logit = [float(one[0][-1][7]) for one in (before, after)]
                chance = [float(one[0][-1].log_softmax(-1)[7]) for one in (before, after)]
                wanted = [logit[1] - logit[0], chance[1] - chance[0]]
            else:
                alike = [float(sentence_vector(one[0]) @ sentence_vector(one[1])) for one in (before, after)]
                wanted = [alike[1] - alike[0], np.nan]
            np.testing.assert_allclose(found[:, layer, column], wanted, rtol=1e-10, atol=1e-10)


def test_two_who_need_the_same_sweep_share_its_work() -> None:
    sweep = Sweep(NETWORKS["llama"], [tiny.tokens()[0]], False)
    measured, whole = [], sweep._measure

    def measure(layer: int) -> None:
        measured.append(layer)
        barrier.wait(5)  # both are at work
        whole(layer)

    barrier = threading.Barrier(2)
    sweep._measure = measure  # type: ignore[method-assign]
    both = [threading.Thread(target=sweep.go_on) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(measured) == [0, 1] and sweep.finished


@each
def test_values_are_weighed_as_they_are_written_into_the_stream(network: Transformer) -> None:
    """‖α_ij v_j W_O^h‖, each vector by itself, head by head and pair by pair."""
    text = tiny.tokens()[0]
    seen = trace(network, text, ["values"])
    found = value_weighted(network, seen)
    assert found.shape == seen.attention.shape
    for layer, head, i, j in [(0, 0, 8, 2), (1, network.heads - 1, 5, 5), (1, 1, 7, 0), (0, 2, 3, 1)]:
        values = seen.parts["values"][layer]
        own = values[head * len(values) // network.heads][j].numpy()
        out = network.blocks[layer].output.weight.numpy()[:, head * len(own) : (head + 1) * len(own)]  # type: ignore[union-attr, operator]
        wanted = np.linalg.norm(float(seen.attention[layer, head, i, j]) * own @ out.T)
        assert float(found[layer, head, i, j]) == pytest.approx(wanted, rel=1e-12)


def test_the_pairs_of_a_head_add_up_to_what_it_writes() -> None:
    """With a single token there is one pair, and its length is that of what the head adds."""
    network, text = NETWORKS["llama"], tiny.tokens(1)[0]
    found = value_weighted(network, trace(network, text, ["values"]))
    for head in range(network.heads):
        assert float(found[1, head, 0, 0]) == pytest.approx(float(projected(network, text, 1, head).norm()), rel=1e-12)


@each
def test_rollout_is_the_product_of_half_kept_layers(network: Transformer) -> None:
    """As Abnar & Zuidema have it, in numpy, from the last layer down."""
    attention = trace(network, tiny.tokens()[0]).attention
    found = rollout(attention).numpy()
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-12)
    layers = [0.5 * layer.mean(0) + 0.5 * np.eye(9) for layer in attention.numpy()]
    np.testing.assert_allclose(found[-1], np.linalg.multi_dot([*layers[::-1], np.eye(9)]), atol=1e-12)
    np.testing.assert_allclose(found[0], layers[0], atol=1e-12)
    assert not network.causal or not np.triu(found, 1).any()


def test_the_tokens_that_look_and_are_looked_at_are_chosen_where_nobody_has() -> None:
    """The last real token; and the real one that gets most from it on average, but neither itself nor a decoder's first."""
    attention, real = torch.zeros(2, 2, 5, 5), np.array([True] * 5)
    attention[:, :, 4] = torch.tensor([0.4, 0.05, 0.03, 0.0, 0.52])
    attention[0, 0, 4] = torch.tensor([0.0, 0.9, 0.0, 0.05, 0.05])
    assert places(attention, real, 0, 0, causal=True) == (4, 1) and places(attention, real, 0, 0, causal=False) == (4, 0)
    assert places(attention, np.array([False, False, True, True, True]), 0, 0, causal=False) == (4, 2)
    attention[:, :, 3] = torch.tensor([0.1, 0.1, 0.5, 0.3, 0.0])
    assert places(attention, np.array([True] * 4 + [False]), 0, 0, causal=False) == (3, 2), "no special token looks"
    assert places(attention, real, 4, 2, causal=True) == (3, 1) and places(attention, real, 2, 5, causal=True) == (1, 0)
    assert places(attention, real, 9, 9, causal=True) == (4, 1), "what is not there is chosen"


def test_ranks_agree_as_scipy_says() -> None:
    rng = np.random.default_rng(3)
    for _ in range(5):
        one, other = rng.integers(0, 6, 40).astype(float), rng.normal(size=40)
        assert rank_correlation(one, other) == pytest.approx(scipy.stats.spearmanr(one, other).statistic, abs=1e-12)
    assert np.isnan(rank_correlation(np.ones(4), np.arange(4.0)))


def test_the_loss_of_a_text_is_torchs_cross_entropy() -> None:
    logits, ids = torch.randn(6, 50, generator=torch.Generator().manual_seed(1), dtype=torch.float64), tiny.tokens(6)[0]
    wanted = torch.nn.functional.cross_entropy(logits[:-1], ids[1:])
    torch.testing.assert_close(surprise(logits, ids).mean(), wanted)


def test_one_tokens_logit_is_that_of_the_whole_vocabulary() -> None:
    for name in ("llama", "gpt"):
        seen = trace(NETWORKS[name], tiny.tokens()[0], ["stream"])
        torch.testing.assert_close(logit_of(NETWORKS[name], seen.parts["stream"][-1], 11), seen.output[:, 11], rtol=0, atol=1e-12)


def test_nothing_off_is_nothing_changed() -> None:
    result = run("attention.effect", AUSTEN)
    assert isinstance(result, Result)
    for pair in (result.pair, result.logits, result.chances, result.surprises):
        np.testing.assert_array_equal(pair[0], pair[1])
    facts = result.facts()
    assert facts["change"].value == facts["loss_change"].value == facts["parts_off"].value == 0
    same = run("attention.effect", replace(AUSTEN, off="9.9 a7", instead="mean"))  # the Austen GPT has neither
    assert isinstance(same, Result) and same.left_out == ("9.9", "a7") and same.facts()["change"].value == 0


def test_one_part_off_changes_what_its_cell_says() -> None:
    """The sweep and the pass that is shown agree, for heads and sublayers, zero and mean, logit and log probability."""
    effect.look(AUSTEN)  # which is kept, and must not be mistaken for the others
    rng = random.Random(4)
    for instead in ("zero", "mean"):
        for measure in ("logit", "probability"):
            name = rng.choice(["2.5", "6.1", "a3", "f1"])
            facts = run("attention.effect", replace(AUSTEN, off=name, instead=instead, measure=measure)).facts()
            assert facts["parts_off"].value == 1 and abs(facts["change"].value or 0) > 1e-3
            assert facts["change"].value == pytest.approx(facts["alone"].value, abs=2e-5), (name, instead, measure)


def test_a_later_token_asked_for_needs_no_second_sweep() -> None:
    first = run("attention.effect", AUSTEN)
    assert effect.kept(replace(AUSTEN, token="the", off="1.1", looked=2, shown="value"))
    other = run("attention.effect", replace(AUSTEN, token="the"))
    assert isinstance(first, Result) and isinstance(other, Result)
    assert other.listed[other.chosen] == " the" and not np.array_equal(first.effects, other.effects)


def test_a_run_goes_on_where_another_has_left_it() -> None:
    params = replace(AUSTEN, text="A text that no other test reads")
    outcome = effect.compute(params)
    steps = [next(outcome) for _ in range(3)]
    assert [moment.step for moment in steps] == [0, 6, 11] and steps[0].of == 21
    assert np.isnan(steps[0].arrays["effects"]).all() and not effect.kept(params)
    so_far = effect.gather(params, steps)
    assert np.isfinite(so_far.effects[:, :2]).all() and np.isnan(so_far.effects[:, 2:]).all()
    assert so_far.facts()["rank_correlation"].value is None, "not before every head is known"
    outcome.close()
    assert next(effect.compute(replace(params, off="1.1"))).step == 11


@pytest.mark.parametrize("params", BASES, ids=lambda params: f"{params.model}-{params.text[:12]}-{params.instead}")
def test_recorded_effects_are_those_of_the_model(params: Params) -> None:
    """Three parts of each, in bfloat16 on whatever machine: to a twentieth of a logit, or a thousandth of a similarity."""
    need(params)
    made = recorded.find("attention.effect", params, Result)
    assert made is not None and np.isfinite(made.measured).all()
    for part in random.Random(params.text).sample([Part(*place) for place in np.ndindex(*made.measured.shape)], 3):
        found = effect.look(replace(params, off=part.name(params.shape[1])))
        change = found.score[1] - found.score[0]
        assert made.measured[part.layer, part.column] == pytest.approx(change, abs=0.05 if found.causal else 1e-3), part


def test_without_the_model_a_recorded_result_says_so_and_others_name_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoo, "is_here", lambda name: name in zoo.OWN)
    made = run("attention.effect", Params())
    assert isinstance(made, Result) and made.recorded and effect.missing(Params()) is None
    assert effect.missing(Params(off="2.2")) == "smollm2" and effect.missing(replace(AUSTEN, off="2.2")) is None


def test_what_sentences_name_is_what_the_results_have(result_of: Callable[[Scene], Result]) -> None:
    results = {name: result_of(scene) for name, scene in SCENE.items()}
    for name, looker, looked, asked in (("effect_equal", "is", "France", "Paris"), ("effect_feeds", "Harriet", "Smith", "Smith")):
        result = results[name]
        assert [result.pieces[t].strip() for t in (result.looker, result.looked)] == [looker, looked]
        assert result.listed[result.chosen].strip() == asked
    most = np.sort(results["effect_equal"].looks.ravel())[-2:]
    assert {results["effect_equal"].looks[23, 4], results["effect_equal"].looks[16, 0]} == set(most), "none look more"
    bank = results["effect_encoder"]
    assert [bank.pieces[t] for t in (bank.looker, bank.looked)] == ["bank", "river"] and bank.looks.size == 72
    assert abs(bank.measured[:, :12]).max() == abs(bank.measured[5, 7]) and bank.looks.max() == bank.looks[0, 4]
    need(SCENE["effect_feeds"].params)
    found = language.model("smollm2")
    ids = found.read(SCENE["effect_feeds"].params.text).ids  # type: ignore[attr-defined]
    one_back = looking.scores(trace(found.network, torch.tensor(ids)).attention, ids)["previous"]
    assert float(one_back[16, 0]) > 0.8, "17.1 looks one token back"


def test_a_program_gives_what_every_part_does_too() -> None:
    params = replace(AUSTEN, off="2.5 f3", measure="probability")
    space: dict[str, object] = {"__name__": "exported"}
    exec(compile(scripts.export("attention.effect", params), "exported.py", "exec"), space)
    numbers, facts = space["main"](True), run("attention.effect", params).facts()  # type: ignore[operator]
    assert {"strongest", "rank_correlation", "strongest_sublayer"} <= set(numbers) & set(facts)
    for name in set(numbers) & set(facts):
        assert numbers[name] == pytest.approx(facts[name].value, rel=1e-6), name
    json.dumps(numbers, allow_nan=False)


def test_parts_and_weights_are_read_and_written() -> None:
    assert write_parts(read_parts("f1, 24.5 a30\n24.5 9.10 31.1", (30, 9)), 9) == "f1 24.5 a30"
    assert read_weights("1.1:2>1=.5 1.1:2>1=0.25 1.1:1>2=1 3.1:1>1=0", (2, 2), 3, True) == [(0, 0, 1, 0, 0.25)]
    assert read_weights("1.1:1>2=1", (2, 2), 3, False) == [(0, 0, 0, 1, 1.0)]
    one, other = Params(off="f1  24.5", opened="77.1"), Params(off="24.5,f1")
    assert one.canonical() == other.canonical() and Params(off="24.5").head_opened() == (23, 4)


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"text": " "}, "text"), ({"model": "minilm", "other": " "}, "other"), ({"off": "24"}, "off"), ({"off": "b3"}, "off"),
     ({"weights": "1.1:1>1=1.5"}, "weights"), ({"weights": "x"}, "weights"), ({"opened": "f1"}, "opened"), ({"looked": 33}, "looked"),
     ({"text": "a" * 601}, "text"), ({"instead": "noise"}, "instead")],
)  # fmt: skip
def test_bad_settings_are_one_sentence_about_one_field(settings: dict[str, object], field: str) -> None:
    with pytest.raises(ParameterError, match=f"^{field} is "):
        Params(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["🙂", "a", "سلام", "<b>bold</b>", "word " * 100])
def test_any_text_is_read(text: str) -> None:
    result = effect.look(replace(AUSTEN, text=text, off="1.1 a2", weights="1.1:9>1=1", looked=30))
    assert 0 <= result.looked <= result.looker < len(result.pieces) <= 32 and np.isfinite(result.score).all()
    result.facts()
