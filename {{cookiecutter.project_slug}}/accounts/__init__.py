"""Who people are, and how they get in."""
