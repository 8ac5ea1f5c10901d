"""The clients that are scripts, each run as a process of its own; programs are in peers.py."""
