#!/usr/bin/env bash
# Builds the documentation as pages into site/, without the internet; a link that leads nowhere is a failure.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup_packages dev
"$PY" -P scripts/docs_pages.py .cadgate/docs
# Material asks on each build whether one has heard of its successor.
NO_MKDOCS_2_WARNING=1 "$PY" -P -m mkdocs build --quiet --clean
say "the documentation is in $ROOT/site/index.html"
