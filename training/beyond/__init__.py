"""The stages apart from the pocket model: spaces, proteins, video, sounds."""
