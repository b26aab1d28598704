"""What must be settled once per process, before any tensor is made: torch threads, logging, and a warm torch.

Imported first by the app, the tests and the benchmark.
"""

import gc
import logging
import threading

import torch

# Two threads gain 1.3x on an idle machine and lose 5-80x as soon as a second viewer's job runs beside the first.
torch.set_num_threads(1)

log = logging.getLogger("dlviz")
_warm = threading.Event()
_lock = threading.Lock()


def configure_logging() -> None:
    """Send dlviz's log to standard error, one line a record; calling it again changes nothing."""
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False


def warm_up() -> None:
    """Run one forward pass, backward pass and optimiser step, then freeze what they left behind; once per process.

    The first optimiser step imports some 80 MB of Python. Frozen, those objects are left out of the garbage
    collection that Streamlit runs after every rerun, which otherwise costs each viewer over 0.1 s a click.
    """
    with _lock:
        if _warm.is_set():
            return
        weight = torch.nn.Parameter(torch.zeros(1))
        optimiser = torch.optim.Adam([weight])
        weight.sum().backward()
        optimiser.step()
        gc.collect()
        gc.freeze()
        _warm.set()


def warm_up_in_background() -> None:
    """Start `warm_up` in a thread, so that the first paint does not wait for it."""
    if not _warm.is_set():
        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()


def is_warm() -> bool:
    """Whether `warm_up` has finished in this process."""
    return _warm.is_set()
