"""The course's cloud on this machine: ``build`` simulates scenes, ``serve`` answers for them."""
