"""An invented city with real mechanisms: what it records, and the truth behind the records."""

from training.city.build import City, build, write
from training.city.presets import BIASES, PRESETS, Plan, plan
from training.city.simulate import simulate

__all__ = ["BIASES", "PRESETS", "City", "Plan", "build", "plan", "simulate", "write"]
