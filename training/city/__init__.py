"""A small invented city with real mechanisms: what it records, and the truth behind the records."""

from training.city.build import build
from training.city.write import City, write

__all__ = ["City", "build", "write"]
