"""Start torchrun without its own failure report, because a failed process has already reported its error."""

import logging
import os
import signal
import sys


def main(arguments: list[str]) -> int:
    """Run torchrun with `arguments`. Returns 0, the exit code of the process that failed first, or 128 + the number of
    the signal that stopped torchrun."""
    # The engine sets one thread per process. torchrun would warn if it were not set here, too.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    # torchrun's log of a failure repeats the message of the process.
    logging.disable(logging.ERROR)
    try:
        run.main(arguments)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        return _exit_status(failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode)
    except SignalException as stop:
        # The processes have saved their state and ended. The sender of the signal knows the reason.
        return 128 + stop.sigval
    return 0


def _exit_status(code: int) -> int:
    """Print a message if `code` means that a signal ended the process, which prints none itself. Returns `code`."""
    if code - 128 in set(signal.Signals):
        name = signal.Signals(code - 128).name
        print(
            f"harness: a process of the training was ended by {name} from outside, probably for lack of memory.\n"
            "Free memory or lower device_batch, and run the command again: it resumes from the last saved state.",
            file=sys.stderr,
        )
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
