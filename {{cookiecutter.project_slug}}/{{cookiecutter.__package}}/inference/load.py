"""Load: how many requests a second the service answers, how long they wait, and what memory it takes.

A service of its own is started at a free port. Some clients ask it one after the other, each on a connection that stays
open, for the mean of the training samples.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import numpy as np
from jsonargparse import ArgumentParser

from ..config import UserError
from ..data_info import DataInfo
from ..runs import load_run


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `load`."""
    parser.add_argument("--run", default="", help="name of the run; without it, the newest")
    parser.add_argument("--seconds", type=float, default=60, help="how long to ask")
    parser.add_argument("--clients", type=int, default=4, help="that ask at the same time")
    parser.add_argument("--samples", type=int, default=1, help="in each request")


def main(run: str = "", seconds: float = 60, clients: int = 4, samples: int = 1) -> None:
    """Start the service of a run, ask it for some seconds, and print rate, waiting times and memory.

    Args:
        run: name of the run; the newest if it is empty.
        seconds: how long to ask.
        clients: that ask at the same time.
        samples: in each request.

    Raises:
        UserError: the service does not start, or refuses a request.
    """
    if not 0 < seconds < 1e6 or not 0 < clients <= 256 or not 0 < samples <= 1000:
        raise UserError("seconds must be above 0, clients from 1 to 256, and samples from 1 to 1000.")
    folder, _, info = load_run(run)
    body = make_body(info, samples)
    command = [sys.executable, "-m", __package__.partition(".")[0], "serve", "--run", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None and service.stderr is not None
            started = service.stdout.readline()
            if not started:
                raise UserError(service.stderr.read().strip().removeprefix("Error: "))
            address = urlsplit(started.split()[-1])
            end = time.monotonic() + seconds
            with ThreadPoolExecutor(clients) as threads:
                waits = threads.map(
                    lambda _: _ask(str(address.hostname), int(address.port or 0), body, end), range(clients)
                )
                milliseconds = 1000 * np.concatenate(list(waits))
        finally:
            service.terminate()
    half, most = np.quantile(milliseconds, (0.5, 0.99))
    rate = f"{len(milliseconds):,} requests in {seconds:g} s: {len(milliseconds) / seconds:,.0f} a second"
    print(f"{rate}, {clients} at the same time, {samples} to predict in each")
    print(f"p50 {half:.1f} ms, p99 {most:.1f} ms, largest {milliseconds.max():.1f} ms{_describe_memory()}")


def make_body(info: DataInfo, samples: int) -> bytes:
    """Write a request to predict the mean of the training samples several times; whole numbers suit every dtype."""
    mean = [int(value) for value in np.round(info.mean)]
    return json.dumps({"samples": [np.broadcast_to(mean, info.input_shape).tolist()] * samples}).encode()


def _ask(host: str, port: int, body: bytes, end: float) -> list[float]:
    """Ask again and again until `end`; the seconds that each answer took."""
    connection = HTTPConnection(host, port, timeout=60)
    waits: list[float] = []
    try:
        while not waits or time.monotonic() < end:
            start = time.perf_counter()
            connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
            waits.append(time.perf_counter() - start)
            if answer.status != 200:
                raise UserError(f"The service refuses a request: {json.loads(content)['error']}")
    except (OSError, HTTPException) as error:
        raise UserError(f"The service does not answer: {error}") from error
    finally:
        connection.close()
    return waits


def _describe_memory() -> str:
    """Describe the peak memory of the service, which has ended; "" where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return ""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return f"; the service took {peak * (1 if sys.platform == 'darwin' else 1024) / 1e6:,.0f} MB of memory"
