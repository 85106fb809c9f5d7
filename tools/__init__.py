"""What maintainers and instructors run; each module is a command: ``python -m tools.NAME``."""
