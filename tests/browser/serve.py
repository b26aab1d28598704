"""`streamlit`, as `python -m tests.browser.serve run app.py`: the same app, but the scenes' results come from the test run's folder.

All other settings are computed as ever, live.
"""

from streamlit.web import cli

from dlviz import jobs
from tests import sharing

if __name__ == "__main__":
    jobs.resolve = sharing.resolve
    cli.main(prog_name="streamlit")
