"""How long things take: `python -m bench` measures this machine and writes docs/benchmarks.md."""
