"""The picture of the view By hand: the graph with its nodes in place, and torch's numbers behind it."""

from dlviz.compute.gradients.by_hand import LISTED, REACH, Result
from dlviz.compute.gradients.examples import DATA
from dlviz.figures.layers import places
from dlviz.figures.payload import pack


def by_hand(results: tuple[Result, ...]) -> bytes:
    """The component `by_hand`. Behind the header: gradients of the leaves by the sweep and by autograd, finite differences over
    the steps and at the chosen one, and the second and third derivative in the followed leaf. The browser works out the rest.
    """
    result = results[0]
    params, graph = result.params.canonical(), result.params.graph()
    values = params.values()
    header = {
        "name": "dlviz-by-hand",
        "expression": params.text(),
        "field": params.example,
        "settings": {"values": list(values.values()), "followed": params.leaf(), "beside": params.beside, "h": params.h},
        "names": list(values),
        "data": [name[0] in DATA for name in values],
        "learning_rate": params.learning_rate,
        "opens": params.opens,
        "nodes": [[node.operation, list(node.inputs), node.name, node.number] for node in graph.nodes],
        "places": places([node.inputs for node in graph.nodes]),
        "reach": REACH,
        "listed": LISTED,
    }
    return pack(
        header,
        sweep=result.gradients[list(graph.leaves.values())],
        autograd=result.autograd,
        steps=result.steps,
        ahead=result.ahead,
        central=result.central,
        at_step=result.at_step,
        higher=result.higher,
    )
