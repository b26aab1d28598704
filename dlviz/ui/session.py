"""A viewer's connection, as the jobs know it. Nothing here imports torch, so that the home page has it at once."""

import secrets

import streamlit as st

from dlviz import jobs


@st.cache_resource(scope="session", on_release=jobs.leave, show_spinner=False)  # type: ignore[untyped-decorator]
def name() -> str:
    """A name for this connection; when the connection goes, its jobs are left."""
    return secrets.token_hex(8)


def leave_runs() -> None:
    """This viewer has gone to a page without pictures: runs that nobody else watches end, unless somebody is back at once."""
    jobs.leave(name())
