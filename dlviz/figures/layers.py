"""Where the nodes of a graph stand: in columns from the leaves to the result, no two of a column in one row."""

from collections.abc import Sequence

SWEEPS = 24


def places(inputs: Sequence[Sequence[int]]) -> list[tuple[int, float]]:
    """(column, row) of every node, given the inputs of each; rows are at least 1 apart within a column, the first is 0.

    An operation stands one column after its last input, a leaf one before its first consumer. Rows start in the order
    of the nodes and are drawn towards the mean row of the neighbours, again and again.
    """
    consumers = [[n for n, its in enumerate(inputs) if i in its] for i in range(len(inputs))]
    columns = _columns(inputs, consumers)
    rows = [float(i) for i in range(len(inputs))]
    groups = [[i for i, column in enumerate(columns) if column == wanted] for wanted in range(max(columns) + 1)]
    for sweep in range(SWEEPS):
        for group in groups if sweep % 2 else reversed(groups):
            _settle(group, rows, [[*inputs[i], *consumers[i]] for i in group])
    for group in groups:  # at last from left to right, each beside its inputs: what is a chain becomes a straight line
        _settle(group, rows, [inputs[i] or consumers[i] for i in group])
    top = min(rows)
    return [(column, row - top) for column, row in zip(columns, rows, strict=True)]


def _columns(inputs: Sequence[Sequence[int]], consumers: Sequence[Sequence[int]]) -> list[int]:
    columns: list[int] = []
    for its in inputs:
        columns.append(1 + max(columns[i] for i in its) if its else 0)
    for i, its in enumerate(inputs):
        if not its and consumers[i]:
            columns[i] = min(columns[n] for n in consumers[i]) - 1
    return columns


def _settle(group: Sequence[int], rows: list[float], neighbours: Sequence[Sequence[int]]) -> None:
    """Moves each node of a column to the mean row of its neighbours, then apart until they are 1 from each other."""
    wanted = {i: sum(rows[n] for n in near) / len(near) if near else rows[i] for i, near in zip(group, neighbours, strict=True)}
    order = sorted(group, key=lambda i: (wanted[i], rows[i]))
    blocks: list[list[float]] = []  # touching nodes: how many, and the mean of their wanted rows
    for i in order:
        blocks.append([1, wanted[i]])
        while len(blocks) > 1 and blocks[-1][1] - blocks[-2][1] < (blocks[-1][0] + blocks[-2][0]) / 2:
            count, mean = blocks.pop()
            before, its_mean = blocks.pop()
            blocks.append([before + count, (before * its_mean + count * mean) / (before + count)])
    placed = [mean - (count - 1) / 2 + k for count, mean in blocks for k in range(int(count))]
    for i, row in zip(order, placed, strict=True):
        rows[i] = row
