"""GGUF files written by the package gguf are read as it reads them."""

from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind

from dlviz.zoo.gguf import Gguf, UnreadableGguf

RANDOM = np.random.default_rng(0)
KINDS = {"F32": Kind.F32, "F16": Kind.F16, "Q4_1": Kind.Q4_1, "Q8_0": Kind.Q8_0}


def write(file: Path, tensors: dict[str, tuple[np.ndarray, Kind]]) -> Path:
    """A file with a few fields of every kind and the tensors, quantised by the package."""
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_uint32("a.count", 9)
    writer.add_float32("a.rate", 0.5)
    writer.add_bool("a.flag", True)
    writer.add_int64("a.large", -(2**40))
    writer.add_string("a.name", "Ġé💚")
    writer.add_array("a.words", ["Ġ t", "é", ""])
    writer.add_array("a.numbers", [3, -1, 2])
    for name, (array, kind) in tensors.items():
        data = array if kind == Kind.F32 else gguf.quants.quantize(array, kind)
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return {name: RANDOM.normal(0, 2, (6, 64)).astype(np.float32) for name in KINDS}


def test_tensors_are_widened_as_the_package_widens_them(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    file = write(tmp_path / "a.gguf", {name: (arrays[name], kind) for name, kind in KINDS.items()})
    found = dict(Gguf(file).tensors())
    assert list(found) == list(KINDS)
    for name, kind in KINDS.items():
        theirs = gguf.quants.dequantize(gguf.quants.quantize(arrays[name], kind), kind)
        assert found[name].dtype == np.float32 and found[name].shape == (6, 64)
        np.testing.assert_array_equal(found[name], theirs.astype(np.float32), err_msg=name)
        assert np.abs(found[name] - arrays[name]).max() < {"F32": 1e-12, "F16": 4e-3, "Q8_0": 0.05, "Q4_1": 0.5}[name]


def test_what_the_file_says_is_read(tmp_path: Path) -> None:
    fields = Gguf(write(tmp_path / "b.gguf", {"x": (np.ones(32, np.float32), Kind.F32)})).fields
    assert fields["general.architecture"] == "llama" and fields["a.count"] == 9 and fields["a.rate"] == 0.5
    assert fields["a.flag"] is True and fields["a.large"] == -(2**40) and fields["a.name"] == "Ġé💚"
    assert fields["a.words"] == ["Ġ t", "é", ""] and fields["a.numbers"] == [3, -1, 2]


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"something else")
    with pytest.raises(UnreadableGguf, match=r"no.gguf is no GGUF file"):
        Gguf(tmp_path / "no.gguf")
    file = write(tmp_path / "a.gguf", {"x": (np.ones(32, np.float32), Kind.Q5_0)})
    with pytest.raises(UnreadableGguf, match="x is stored as kind 6"):
        list(Gguf(file).tensors())
    file.write_bytes(b"GGUF\x01" + file.read_bytes()[5:])
    with pytest.raises(UnreadableGguf, match="version 1: expected 3"):
        Gguf(file)
