"""The picture of The whole machine: what the component reads is the result."""

import json
import re
from dataclasses import fields

import numpy as np

from dlviz.compute.attention.machine import Params, compute
from dlviz.figures.attention import machine
from dlviz.figures.payload import unpack
from dlviz.ui.components import FOLDER


def test_the_payload_is_the_result() -> None:
    result = compute(Params(text="Emma was <b>young</b>", model="austen", station="next", layer=3, token=2))
    header, arrays = unpack(machine((result,)))
    named = {field.name: getattr(result, field.name) for field in fields(result)}
    drawn = "".join((FOLDER / file).read_text() for file in ("machine.js", "stations.js"))
    assert all(re.search(rf"\b{name}\b", drawn) for name in arrays), "what is sent is drawn"
    assert {"lens", "lens_chances", "maps", "adds", "scores", "chances"} <= set(arrays)
    for name, flat in arrays.items():
        np.testing.assert_array_equal(flat, named[name].ravel().astype(flat.dtype))
    assert header["opened"] == {"station": "next", "layer": 2, "token": 1} and header["layers"] == 6 and header["heads"] == 6
    assert header["pieces"] == list(result.pieces) and "<b>" in header["text"] and header["words"] == list(result.words)


def test_settings_that_come_back_unchanged_change_nothing() -> None:
    params = Params(text="Emma", model="austen", station="unembedding", layer=2, token=1)
    header, _ = unpack(machine((compute(params),)))
    assert Params(**(params.as_dict() | json.loads(json.dumps(header["settings"])))) == params
