"""The load of this bench on the persistence of the Python SDK: msal-extensions, as azure-identity uses it.

Arguments and lines are those of the worker in load.rs. Around each change it does what the SDK's token cache does:
takes the lock, reads, changes, writes, gives the lock back. The parsing of the cache is left out, in its favour.
"""

import os
import pathlib
import sys
import threading
import time

from msal_extensions import CrossPlatLock, FilePersistence
from msal_extensions.persistence import PersistenceNotFound


def main():
    home, process, threads, updates = sys.argv[1], *map(int, sys.argv[2:5])
    folder = pathlib.Path(home, ".IdentityService")
    folder.mkdir(mode=0o700, exist_ok=True)
    path = str(folder / "contended.nocae")
    print("ready", flush=True)
    sys.stdin.readline()

    told = [[] for _ in range(threads)]
    workers = [
        threading.Thread(target=work, args=(path, process, thread, updates, told[thread]))
        for thread in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.stdout.write("".join(line for lines in told for line in lines))


def work(path, process, thread, updates, told):
    persistence = FilePersistence(path)
    for update in range(updates):
        mark = f"{process:02}.{thread:02}.{update:04}\n"
        begun = time.perf_counter()
        try:
            with CrossPlatLock(path + ".lockfile"):
                wait = time.perf_counter() - begun
                try:
                    stored = persistence.load()
                except PersistenceNotFound:
                    stored = ""
                persistence.save(stored + mark)
            told.append(f"done {int(wait * 1e6)} {mark}")
        except Exception as error:
            said = " ".join(str(error).split()).replace(os.path.dirname(path), "...")
            told.append(f"error {type(error).__name__}: {said}\n")


main()
