"""What is handed out in a room: copies for learners, copies with the solutions, the loop on one page."""
