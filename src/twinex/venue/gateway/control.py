"""The operator's line to a running venue: a Unix socket in the day's directory.

One request a connection, a line of JSON, and one answer: `{"do": "phase", "phase": "continuous"}`.
Who may open the socket is whom the directory's owner lets: its mode is 0600.
"""

import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAME = "control"
_LINE_MOST = 1 << 16
_PATIENCE_S = 30.0

Request = dict[str, Any]


class ControlError(Exception):
    """The operator asked for something that cannot be done; the text says what to change."""


class Control:
    """Answers requests on a thread of its own; `answer` may raise ControlError."""

    def __init__(self, directory: Path, answer: Callable[[Request], object]) -> None:
        self._path, self._answer = directory / NAME, answer
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)
        try:
            self._listener.bind(str(self._path))
        finally:
            os.umask(mask)
        self._listener.listen()
        self._thread = threading.Thread(target=self._run, name="twinex-control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No more requests."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(_PATIENCE_S)
                try:
                    self._serve(connection)
                except OSError:
                    continue  # who asked has gone

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            line = lines.readline(_LINE_MOST)
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ControlError('a request is an object: {"do": …}')
            told: object = {"done": self._answer(request)}
        except (ValueError, ControlError) as error:
            told = {"error": str(error)}
        except Exception as error:  # what stopped the venue stops it there, not this thread
            told = {"error": f"{type(error).__name__}: {error}"}
        connection.sendall(json.dumps(told).encode() + b"\n")


def ask(directory: Path | str, request: Request) -> Any:
    """Ask a running venue. Raises ControlError where it does not run, or refuses."""
    path = Path(directory) / NAME
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_PATIENCE_S)
        try:
            line.connect(str(path))
        except OSError:
            raise ControlError(f"{directory}: no venue runs there (`twinex venue run`)") from None
        line.sendall(json.dumps(request).encode() + b"\n")
        with line.makefile("rb") as lines:
            told = json.loads(lines.readline() or b'{"error": "the venue ended"}')
    if "error" in told:
        raise ControlError(told["error"])
    return told["done"]
