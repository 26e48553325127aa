"""What code does beside computing: refused in a search, in which it would be done hundreds of times."""

from __future__ import annotations

import os
import sys
from typing import Any

__all__ = ["DeniedError", "Effects"]

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
KINDS = {
    "os.remove": "removes files", "os.rename": "renames files", "os.rmdir": "removes files", "os.mkdir": "writes files",
    "os.link": "writes files", "os.symlink": "writes files", "os.truncate": "writes files", "os.chmod": "changes files",
    "os.chown": "changes files", "os.utime": "changes files", "os.chdir": "changes folders",
    "os.putenv": "changes the environment", "os.unsetenv": "changes the environment",
    "os.system": "starts programs", "os.exec": "starts programs", "os.posix_spawn": "starts programs",
    "os.spawn": "starts programs", "os.startfile": "starts programs", "subprocess.Popen": "starts programs",
    "os.fork": "starts programs", "os.forkpty": "starts programs", "pty.spawn": "starts programs",
    "os.kill": "sends signals", "os.killpg": "sends signals", "signal.pthread_kill": "sends signals",
    "_thread.start_new_thread": "starts threads", "ctypes.dlopen": "loads libraries",
    "os.setxattr": "changes files", "os.removexattr": "changes files", "webbrowser.open": "starts programs",
}  # fmt: skip
"""What an event of the interpreter's means, by its name."""


class DeniedError(BaseException):
    """The code does what a search must not do; no Exception, so that it does not take it for one of its own."""


class Effects:
    """Refuses whatever reaches beyond this process while it is on; a hook cannot be taken away again."""

    def __init__(self) -> None:
        self.on = False
        self.seen = ""
        """What was refused last."""
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse an event, where it is one of those."""
        if not self.on:
            return
        kind = KINDS.get(event)
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if event.startswith("socket."):
            kind = "uses the network"
        elif writes or event.startswith(("shutil.", "tempfile.")):
            kind = "writes files"
        if kind:
            self.seen = kind
            raise DeniedError(kind)
