#!/bin/sh
# The model comes with the image, the home is a volume: link the one into the other, then become the program.
# A home that has models of its own keeps them.
set -eu
models=$(cd "$(dirname "$0")/../models" && pwd)
[ -e "$KB_HOME/models" ] || ln -sfn "$models" "$KB_HOME/models"
exec "$@"
