"""``python -m hongyan``: the command line."""

from hongyan.cli.main import main

main()
