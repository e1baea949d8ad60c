"""`python -m tests.weights.killed`: a process that the system kills, as it does where memory runs out."""

import os
import signal

if __name__ == "__main__":
    os.kill(os.getpid(), signal.SIGKILL)
