"""Signals that ask a process to end, and who handles them for a while."""

import signal
from collections.abc import Callable
from typing import Any

# Ctrl-C; a scheduler or container; a terminal that is closed, which Windows lacks.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def handle_signals(handler: Callable[[int, Any], None]) -> dict[int, Any]:
    """Set the handler of all signals but those that are ignored, as after nohup; return the handlers before."""
    heeded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heeded}


def restore_signals(handlers: dict[int, Any]) -> None:
    """Set the handlers that `handle_signals` returned."""
    for number, handler in handlers.items():
        signal.signal(number, handler)
