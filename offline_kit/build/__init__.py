"""Simulate the course's scenes and write them as a kit of files."""

from .kit import SEED, build_kit

__all__ = ["SEED", "build_kit"]
