"""Settings of the whole suite: hypothesis profiles, and where `reference` and `strategies` are imported from."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# import-mode=importlib leaves sys.path alone; the shared modules of the tests are found by their plain names
sys.path.insert(0, str(Path(__file__).parent))

_ANY_SPEED = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", max_examples=60, deadline=None, suppress_health_check=_ANY_SPEED)
settings.register_profile("thorough", max_examples=3000, deadline=None, suppress_health_check=_ANY_SPEED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
