# ruff: noqa: T201 - lines on standard output are how it speaks
"""Connections from a pod, one after another in some threads, until a line or the end of input; then `COUNT FAILED`."""

import itertools
import sys
import threading

from tests.contract.node.visitor import visit

THREADS = 6


def main(address: str, port: str) -> None:
    stop, made, failed = threading.Event(), itertools.count(), itertools.count()

    def connect() -> None:
        while not stop.is_set():
            next(failed if visit(address, port, "0.3").startswith("failed") else made)

    threads = [threading.Thread(target=connect) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    print("loading", flush=True)
    sys.stdin.readline()
    stop.set()
    for thread in threads:
        thread.join()
    print(next(made), next(failed), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
