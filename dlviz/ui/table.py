"""Tables of words and numbers that can be read by a screen reader and scrolled by keyboard, which st.table cannot (1.67)."""

import html
from collections.abc import Mapping, Sequence

import streamlit as st


def show_table(columns: Mapping[str, Sequence[str]], label: str) -> None:
    """A table; the first column names the rows. `label` says what it holds, for those who do not see it."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{html.escape(cell)}</td>" if number else f'<th scope="row">{html.escape(cell)}</th>' for number, cell in enumerate(row)
        )
        + "</tr>"
        for row in zip(*columns.values(), strict=True)
    )
    st.html(
        f'<div class="table" role="region" tabindex="0" aria-label="{html.escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
