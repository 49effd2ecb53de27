"""One thread that does the newest of its jobs: a new one replaces the one in progress, and Stop ends it."""

import threading


class Worker:
    """Calls `work(job)` in a thread of its own, for one job at a time, and only while there are jobs.

    `work` asks `is_current(job)` now and then, and returns when that says no. Whoever shows or changes what
    belongs to a job holds `lock` meanwhile: then no other job can come in between. Without a thread,
    `start` returns when the job is done.
    """

    def __init__(self, work, in_thread=True):
        self.lock = threading.RLock()
        self._work, self._in_thread = work, in_thread
        self._waiting = self._current = None
        self._running = False

    def start(self, job):
        """Begin the job, in place of the one in progress and of the one that waits."""
        with self.lock:
            self._waiting, self._current = job, None
            if not self._running:
                self._running = True
                if self._in_thread:
                    threading.Thread(target=self._run, name="playground").start()
                    return
                try:
                    self._run()
                finally:
                    self._running = False  # also after an interrupt

    def stop(self):
        """Begin nothing more; True if something was in progress or waiting."""
        with self.lock:
            stopped = self._waiting is not None or self._current is not None
            self._waiting = self._current = None
            return stopped

    def is_current(self, job):
        """Whether this very job is still wanted: not once another came, Stop was pressed, or Python ends."""
        return job is self._current and threading.main_thread().is_alive()

    def _run(self):
        while True:
            with self.lock:
                self._waiting, self._current = None, self._waiting
                if self._current is None:
                    self._running = False
                    return
                job = self._current
            self._work(job)
            with self.lock:
                if self.is_current(job):
                    self._current = None
