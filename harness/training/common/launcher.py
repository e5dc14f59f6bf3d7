"""Start torchrun without its own failure report where the failed process has already reported the error."""

import logging
import os
import signal
import sys


def main(arguments: list[str]) -> int:
    """Start the processes and return the exit code of the one that failed first."""
    # One thread a process is what the engine sets; said here, torchrun does not warn of it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    # Its log of a failure repeats what the process itself has said.
    logging.disable(logging.ERROR)
    try:
        run.main(arguments)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        return _exit_status(failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode)
    except SignalException as stop:
        # Its processes have saved and ended; who sent the signal knows why.
        return 128 + stop.sigval
    return 0


def _exit_status(code: int) -> int:
    """A process that a signal has ended could not say so itself, or left it to this one."""
    if code - 128 in set(signal.Signals):
        name = signal.Signals(code - 128).name
        print(
            f"harness: a process of the training was ended by {name} from outside, probably for lack of memory.\n"
            "Free memory or lower device_batch, and run the command again: it goes on from the last saved state.",
            file=sys.stderr,
        )
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
