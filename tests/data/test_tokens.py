"""Texts cut into tokens, whatever people type, on tokenizers made here like those of the two models."""

import json

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from dlviz.data.tokens import MOST_CHARACTERS, Tokens, encode, reader
from dlviz.fields import ParameterError

STRANGE = {
    "emoji": "I 💚 it 👩‍👩‍👧",
    "right to left": "שלום עולם, مرحبا",
    "control characters": "a\x00b\x1bc\u200bd\r\n\te",
    "markup": "<script>alert(1)</script> & <b>bold</b>",
    "combining": "e\u0301\u0302\u0303 nai\u0308ve",
    "halves of characters": "a\ud83db\udc00c",
    "special tokens": "<|im_end|> [SEP] <s>",
    "spaces": "   ",
}


def byte_level() -> Tokenizer:
    """Bytes and a few merges, with a special token, as SmolLM2's."""
    names = ["<|im_end|>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġt", "Ġth", "he"]
    made = Tokenizer(models.BPE({name: i for i, name in enumerate(names)}, [("Ġ", "t"), ("Ġt", "h"), ("h", "e")]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(["<|im_end|>"])
    return reader(made.to_str())


def word_piece() -> Tokenizer:
    """Words and their parts between [CLS] and [SEP], cut off and filled up as it was stored, as MiniLM's."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "bank", "flood", "##ed", "a", "b", "?", "was", "<", ">", "i", "it"]
    made = Tokenizer(models.WordPiece({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.add_special_tokens(names[:4])
    made.enable_padding(length=128)
    made.enable_truncation(12)
    return reader(made.to_str())


READERS = {"byte level": byte_level(), "word piece": word_piece()}
each = pytest.mark.parametrize("tokenizer", READERS.values(), ids=list(READERS))


def test_every_token_knows_its_characters() -> None:
    found = encode(READERS["word piece"], "Was the bank flooded?")
    assert found.names == ("[CLS]", "was", "the", "bank", "flood", "##ed", "?", "[SEP]")
    assert found.pieces == ("[CLS]", "Was", "the", "bank", "flood", "ed", "?", "[SEP]")
    assert found.spans[0] == (0, 0) and found.spans[4:6] == ((13, 18), (18, 20)) and len(found) == 8
    assert found.tokens_of("flooded") == (4, 5) and found.tokens_of("bank fl") == (3, 4)
    with pytest.raises(ValueError, match="substring"):
        found.tokens_of("river")


def test_a_window_has_the_texts_tokens_in_order_and_what_the_model_adds_at_both_ends() -> None:
    """[CLS] and [SEP] are at every window's ends, as the model was trained; the last window is as full as the first."""
    text = encode(READERS["word piece"], "the bank was a b the bank")
    assert text.own == range(1, 8)
    assert text.window(1, 9) == (1, text) == text.window(100, 9)
    number, read = text.window(3, 5)
    assert (number, read.names) == (3, ("[CLS]", "was", "a", "b", "[SEP]")) and read.pieces[1] == "was"
    assert text.window(99, 5)[0] == 5 and text.window(99, 5)[1].names == ("[CLS]", "b", "the", "bank", "[SEP]")
    for first in range(1, 8):
        number, read = text.window(first, 5)
        assert number == min(first, 5) and read.ids == (2, *text.ids[number : number + 3], 3)
    plain = encode(READERS["byte level"], "see")
    assert plain.window(2, 2)[1].pieces == ("e", "e") and plain.window(-5, 2)[0] == 1


def test_in_a_window_a_word_is_found_where_it_stands_there() -> None:
    text = encode(READERS["word piece"], "the bank was a b the bank")
    assert text.tokens_of("bank") == (2,)
    assert text.window(99, 5)[1].tokens_of("bank") == (3,)
    with pytest.raises(ValueError, match="No token of 'was' is among these 5"):
        text.window(99, 5)[1].tokens_of("was")


def test_a_space_belongs_to_the_token_after_it() -> None:
    found = encode(READERS["byte level"], "see the")
    assert found.pieces == ("s", "e", "e", " th", "e") and found.tokens_of("the") == (3, 4)


@each
@pytest.mark.parametrize("text", STRANGE.values(), ids=list(STRANGE))
def test_strange_texts_are_read_or_refused_with_a_sentence(tokenizer: Tokenizer, text: str) -> None:
    try:
        found = encode(tokenizer, text)
    except ParameterError as error:
        assert tokenizer is READERS["word piece"] and not text.strip() and "at least one character" in str(error)
        return
    assert len(found.ids) == len(found.spans) == len(found.names) == len(found.pieces) and len(found.text) == len(text)
    assert all(0 <= a <= b <= len(text) for a, b in found.spans)
    starts = [a for a, b in found.spans if a < b]
    assert starts == sorted(starts)
    json.dumps(found.pieces).encode()  # can be sent


@pytest.mark.parametrize("text", [text for name, text in STRANGE.items() if name != "halves of characters"])
def test_bytes_say_every_text_again(text: str) -> None:
    found = encode(READERS["byte level"], text)
    assert READERS["byte level"].decode(list(found.ids), skip_special_tokens=False) == text
    covered = {i for a, b in found.spans for i in range(a, b)}
    assert covered == set(range(len(text)))


def test_an_emoji_of_several_tokens_is_one_character_of_each() -> None:
    found = encode(READERS["byte level"], "I💚")
    assert found.spans == ((0, 1), *[(1, 2)] * 4) and found.pieces[1:] == ("💚",) * 4


def test_special_tokens_that_people_type_are_text() -> None:
    assert 0 not in encode(READERS["byte level"], "<|im_end|>").ids
    found = encode(READERS["word piece"], "a [SEP] b")
    assert found.ids.count(3) == 1 and found.names[-1] == "[SEP]"


@each
def test_nothing_to_read_is_said_in_a_sentence(tokenizer: Tokenizer) -> None:
    with pytest.raises(ParameterError, match="text is '': expected at least one character that the model can read"):
        encode(tokenizer, "")


def test_control_characters_alone_are_nothing_to_an_encoder() -> None:
    with pytest.raises(ParameterError, match="that the model can read"):
        encode(READERS["word piece"], "\x00\x1b\n \t")


@each
def test_a_very_long_text_is_refused_at_once_and_a_long_one_read_whole(tokenizer: Tokenizer) -> None:
    with pytest.raises(ParameterError, match="expected at most 20000 characters, not 100000"):
        encode(tokenizer, "a " * 50_000)
    assert len(encode(tokenizer, "a " * (MOST_CHARACTERS // 2)).ids) >= MOST_CHARACTERS // 2


def test_one_character_is_one_token() -> None:
    assert encode(READERS["byte level"], "a") == Tokens("a", encode(READERS["byte level"], "a").ids, ((0, 1),), ("a",))
