"""What customers ask and the content does not answer: found in the events, drafted, and closed by a replay."""
