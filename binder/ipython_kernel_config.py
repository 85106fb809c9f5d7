"""Read by every kernel of the environment before its first cell, however it was started."""

from helpers.machine.process import settle_process

settle_process()
