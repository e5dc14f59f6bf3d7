"""torchrun without its own report, where the process of a device has told what went wrong already."""

import logging
import os
import sys


def main(arguments: list[str]) -> int:
    """Start the processes and return the exit code of the one that failed first."""
    # One thread a process is what the engine sets; said here, torchrun does not warn of it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    # Its log of a failure repeats what the process itself has said.
    logging.disable(logging.ERROR)
    try:
        run.main(arguments)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        return failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
