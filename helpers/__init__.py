"""What the notebooks import: models, seeds, the denoising loop, figures, and clear error messages.

On a CPU, torch computes on one thread from the import of any of these modules on, unless OMP_NUM_THREADS says
another number. Of several threads each waits for the slowest. On an idle machine with two cores a second
thread saves a quarter of a picture's time; beside one busy program, and a video call is one, two threads take
twice as long as one, and on some machines many times as long (docs/benchmarks.md). The number of threads also
decides a result's last bits. For Stable Diffusion on a CPU with many cores, set the environment variable
OMP_NUM_THREADS=8, or call `torch.set_num_threads(8)` after the imports.
"""

import os
import sys

_threads = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
_threads = _threads if _threads.isdecimal() and int(_threads) else "1"
if "torch" in sys.modules:
    sys.modules["torch"].set_num_threads(int(_threads))
else:
    os.environ["OMP_NUM_THREADS"] = _threads  # torch reads it when it is imported
