"""`python -m e2e.cluster <verb>`: the cluster from the command line. Results go to stdout, progress to stderr."""

import sys

from e2e.cluster.cli import main

sys.exit(main(sys.argv[1:]))
