"""numpy, without its types: those of some of its versions are incomplete, and none says what an array holds."""

from __future__ import annotations

from typing import Any

import numpy

Array = Any
"""A numpy array."""
np: Any = numpy
