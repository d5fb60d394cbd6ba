"""The bare rows of a transcript: one statement on SQLite's own driver, nothing made of what it gives.

`python -m benchmarks.peers.rows DATABASE CALL TIMES` prints how many rows there are and the seconds of each time, on a connection that is open.
"""

import contextlib
import sqlite3
import sys
import time

SELECT = "SELECT * FROM segments WHERE call_id = ? ORDER BY number"


def main(path: str, call_id: str, times: int) -> None:
    took = []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = len(connection.execute(SELECT, (call_id,)).fetchall())
        for _ in range(times):
            began = time.perf_counter()
            connection.execute(SELECT, (call_id,)).fetchall()
            took.append(time.perf_counter() - began)
    sys.stdout.write(f"{rows} {' '.join(f'{one:.6f}' for one in took)}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
