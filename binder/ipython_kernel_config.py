"""Read by every kernel of the environment before its first cell, however it was started."""

from helpers.process import settle_process

settle_process()
