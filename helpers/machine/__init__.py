"""What is around a lesson on this machine: its browser, its processes, and their memory."""
