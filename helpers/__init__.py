"""What the notebooks import: only the steps that would drown a lesson."""
