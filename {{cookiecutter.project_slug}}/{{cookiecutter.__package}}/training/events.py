"""TensorBoard events, written at once: tensorboard's own writer has a thread, whose errors end in tracebacks."""

import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


class EventFile:
    """A file of events in a folder that TensorBoard watches, a new one for each process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        now = time.time()
        path = folder / f"events.out.tfevents.{now:.6f}"  # TensorBoard reads them in the order of their names
        self.records = RecordWriter(path.open("xb", buffering=0))  # so that nothing is left to write at the end
        self.records.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())

    def add(self, scalars: dict[str, float], *, step: int) -> None:
        """Write numbers of a step, by their names."""
        values = [Summary.Value(tag=name, simple_value=value) for name, value in scalars.items()]
        event = Event(wall_time=time.time(), step=step, summary=Summary(value=values))
        self.records.write(event.SerializeToString())

    def close(self) -> None:
        """Close the file."""
        self.records.close()
