"""Forks workers that have imported everything already, so that a test can start and kill a great many of them.

Each line on standard input starts `sokham sync run` in a process of its own; its number is the line that comes back.
"""

import os
import signal
import sys

from manage.commands.sync.run import run


def main() -> None:
    """Until standard input ends."""
    # Nobody waits for the killed ones.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while sys.stdin.readline():
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            # What a worker says is not what the test reads.
            os.dup2(2, 1)
            code = 1
            try:
                run.main([], standalone_mode=False)
                code = 0
            finally:
                os._exit(code)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
