"""A process of the embedded runner with `--direct_running_mode=multi_processing`.

The same program as Beam's `sdk_worker_main`, but what it logs about itself does not reach the
terminal; which loggers do is said by the pipeline's options (see `runners`).
"""

import logging
import sys


def main() -> None:
    """Works for the runner whose address is in the environment, until that ends."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.disable(logging.WARNING)  # Beam misses libraries of Google Cloud's at its import.
    from apache_beam.runners.worker import sdk_worker_main

    logging.disable(logging.NOTSET)
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
