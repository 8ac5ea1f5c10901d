"""Hongyan beside its peers, in one run, on this machine: ``python -m bench``; see docs/bench.md."""
