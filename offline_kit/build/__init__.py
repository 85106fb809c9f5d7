"""Simulate the course's scenes and write them as a kit of files."""

from offline_kit.build.kit import SEED, build_kit

__all__ = ["SEED", "build_kit"]
